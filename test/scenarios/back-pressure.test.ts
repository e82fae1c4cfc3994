import { expect, onTestFinished, test } from 'vitest'
import { topics } from '../../schemas/topics.ts'
import { HeldJournal, startBroker } from '../helpers/broker.ts'
import { connectPacket, connectRaw, publishPacket, type RawDevice } from '../helpers/raw-device.ts'
import { button } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** A device sends faster than the disk commits: what waits is bounded, TCP makes the device wait, and nothing is lost. */
const heartbeats = topics.heartbeat(button(1))
const maxWaiting = 1000
const maxWaitingBytes = 1_048_576
/** One read takes all that the socket's stream holds: up to its mark of 64 KiB, and the chunk of as much that went over it. */
const chunkBytes = 2 * 65_536

async function connected() {
  const journal = new HeldJournal()
  const { port } = await startBroker(journal)
  const device = await connectRaw(port, button(1).device)
  onTestFinished(() => void device.socket.destroy())
  const witness = await connectRaw(port, button(2).device)
  onTestFinished(() => void witness.socket.destroy())
  return { journal, device, witness }
}

/** The broker has had every chance to read more: another device's answers came and went, so many times. */
async function rounds(witness: RawDevice, count: number): Promise<void> {
  const answers = () => witness.packets.filter(({ cmd }) => cmd === 'pingresp').length
  for (let round = 0; round < count; round++) {
    const before = answers()
    witness.send({ cmd: 'pingreq' })
    await witness.packet(() => answers() > before)
  }
}

const acked = (device: RawDevice) =>
  device.packets.flatMap(packet => (packet.cmd === 'puback' ? [packet.messageId] : []))

test('20,000 publishes in one go: a bounded number waits, and after the commit all are pubacked in order', async () => {
  const { journal, device, witness } = await connected()
  const ids = Array.from({ length: 20_000 }, (_, index) => index + 1)
  const packets = ids.map(id => publishPacket(heartbeats, '{}', id))
  device.send(...packets)
  await until(() => journal.appended > 0, 'the first publish')
  await rounds(witness, 50)
  // Of one read all are parsed at once, so its publishes may come on top.
  const perChunk = Math.ceil(chunkBytes / (heartbeats.length + 8))
  expect(journal.appended).toBeLessThan(maxWaiting + perChunk)

  journal.run()
  await until(() => acked(device).length === ids.length, 'all PUBACKs')
  expect(acked(device)).toEqual(ids)
  expect(journal.appended).toBe(20_000)
  expect(journal.most).toBeLessThan(maxWaiting + perChunk)
})

test('publishes one by one: the thousandth that waits is the last that is read', async () => {
  const { journal, device, witness } = await connected()
  for (let id = 1; id <= maxWaiting; id++) {
    device.send(publishPacket(heartbeats, '{}', id))
    // Each in a segment of its own: within one segment aedes would hold back by itself.
    while (journal.appended < id) await new Promise(resolve => setImmediate(resolve))
  }
  for (let id = maxWaiting + 1; id <= maxWaiting + 500; id++) {
    device.send(publishPacket(heartbeats, '{}', id))
    await rounds(witness, id % 50 === 0 ? 2 : 0)
  }
  expect(journal.held).toHaveLength(maxWaiting)

  journal.run()
  await until(() => acked(device).length === maxWaiting + 500, 'all PUBACKs')
  expect(acked(device)).toEqual(Array.from({ length: maxWaiting + 500 }, (_, index) => index + 1))
})

test('large payloads: a megabyte waits, not a thousand payloads', async () => {
  const { journal, device, witness } = await connected()
  const payload = `{"fill":"${'x'.repeat(60_000)}"}`
  const count = 100
  for (let id = 1; id <= count; id++) {
    device.send(publishPacket(heartbeats, payload, id))
    await rounds(witness, 1)
  }
  const mostHeld = Math.ceil((maxWaitingBytes + chunkBytes) / payload.length)
  expect(journal.held.length).toBeLessThanOrEqual(mostHeld)
  journal.run()
  await until(() => acked(device).length === count, 'all PUBACKs')
  expect(journal.most).toBeLessThanOrEqual(mostHeld)
})

test('a device that sends its backlog without waiting for CONNACK: all is pubacked in order, or nothing if it is refused', async () => {
  const journal = new HeldJournal()
  journal.run()
  const { port } = await startBroker(journal)
  const ids = Array.from({ length: 500 }, (_, index) => index + 1)
  const backlog = ids.map(id => publishPacket(heartbeats, '{}', id))
  const device = await connectRaw(port, button(1).device, { connect: null })
  onTestFinished(() => void device.socket.destroy())
  device.send(connectPacket(button(1).device), ...backlog)
  await until(() => acked(device).length === ids.length, 'all PUBACKs')
  expect(device.packets[0]).toMatchObject({ cmd: 'connack', returnCode: 0 })
  expect(acked(device)).toEqual(ids)

  const stranger = await connectRaw(port, button(1).device, { connect: null })
  onTestFinished(() => void stranger.socket.destroy())
  stranger.send(connectPacket(button(1).device, { password: Buffer.from('wrong') }), ...backlog)
  await stranger.closed
  expect(stranger.packets).toMatchObject([{ cmd: 'connack', returnCode: 4 }])
  expect(journal.appended).toBe(ids.length)
})

test('a stop with publishes under way: what is committed is pubacked before the connection ends', async () => {
  const journal = new HeldJournal()
  const { broker, port } = await startBroker(journal)
  const device = await connectRaw(port, button(1).device)
  onTestFinished(() => void device.socket.destroy())
  device.send(...[1, 2, 3].map(id => publishPacket(heartbeats, '{}', id)))
  await until(() => journal.held.length === 3, 'all in the journal')
  broker.stopTaking()
  device.send(publishPacket(heartbeats, '{}', 4))
  // As the wiring does: the connections end in the turn in which the journal is drained.
  const ended = Promise.resolve().then(() => {
    journal.commit()
    return broker.end()
  })
  await device.closed
  await ended
  expect(acked(device)).toEqual([1, 2, 3])
  expect(journal.appended).toBe(3)
})
