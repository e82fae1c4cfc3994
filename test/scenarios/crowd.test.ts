import fc from 'fast-check'
import mqttPacket from 'mqtt-packet'
import { expect, onTestFinished, test } from 'vitest'
import { readRegistry } from '../../gateway/devices/registry-file.ts'
import { topics } from '../../schemas/topics.ts'
import { HeldJournal, startBroker } from '../helpers/broker.ts'
import { panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { connectPacket, connectRaw, publishPacket, type RawDevice } from '../helpers/raw-device.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** More waits than may: who has much waiting is not read, who has little is; and everybody is read on once the disk goes on. */
const maxWaiting = 4096
const heartbeats = (number: number) => topics.heartbeat(button(number))

async function crowd() {
  const { registry } = readRegistry(writeRegistry(temporaryDirectory(), { buttons: 12 }))
  const journal = new HeldJournal()
  const { broker, port } = await startBroker(journal, { registry: () => registry! })
  const connect = async (number: number, options = {}) => {
    const device = await connectRaw(port, button(number).device, options)
    onTestFinished(() => void device.socket.destroy())
    return device
  }
  return { journal, broker, connect }
}
const acked = (device: RawDevice) =>
  device.packets.flatMap(packet => (packet.cmd === 'puback' ? [packet.messageId] : []))
const ids = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** Another device's answers came and went, so many times: the broker has had every chance to read more. */
async function rounds(witness: RawDevice, count: number): Promise<void> {
  const answers = () => witness.packets.filter(({ cmd }) => cmd === 'pingresp').length
  for (let round = 0; round < count; round++) {
    const before = answers()
    witness.send({ cmd: 'pingreq' })
    await witness.packet(() => answers() > before)
  }
}

test.each([0, 1] as const)(
  'ten devices flood with QoS %i: a bounded number waits, an alarm behind a CONNECT is taken all the same, and then all are read on',
  async qos => {
    const { journal, broker, connect } = await crowd()
    const flooding = await Promise.all(ids(10).map(number => connect(number)))
    const witness = await connect(11)
    const sinceMs = performance.now()
    for (const [index, device] of flooding.entries())
      device.send(...ids(2000).map(id => publishPacket(heartbeats(index + 1), '{}', id, qos)))
    await until(() => journal.held.length >= maxWaiting, 'a crowd')
    await rounds(witness, 30)
    // Of one of them four packets are taken every 2 ms.
    expect(journal.held.length).toBeLessThan(maxWaiting + 100 + 4 * (performance.now() - sinceMs))
    await until(() => broker.reading.throttled === 10, 'all ten throttled')

    const late = await connect(12, { connect: null })
    const alarm = topics.event(button(12), 'alarm')
    late.send(
      connectPacket(button(12).device),
      ...ids(20).map(id => publishPacket(heartbeats(12), '{}', id, 0)),
      publishPacket(alarm, JSON.stringify(panic('help')), 1),
    )
    // It has more than a turn's packets before its alarm: as they are answered, it comes to it.
    const own = () => journal.held.filter(({ publish }) => publish.device === button(12).device)
    const isAlarm = () => own().some(({ publish }) => 'kind' in publish && publish.kind === 'alarm')
    while (!isAlarm()) {
      await until(() => own().length > 0, 'its next turn')
      if (!isAlarm()) journal.commitOf(button(12).device)
    }
    expect(journal.held.length).toBeGreaterThanOrEqual(maxWaiting)

    journal.run()
    await until(() => journal.appended === 10 * 2000 + 21, 'all in the journal')
    if (qos === 1) {
      await until(() => flooding.every(device => acked(device).length === 2000), 'all PUBACKs')
      for (const device of flooding) expect(acked(device)).toEqual(ids(2000))
    }
    await rounds(witness, 2)
    expect(broker.reading.throttled).toBe(0)
  },
)

test('while nothing is committed at all a press behind five heartbeats that wait is taken', async () => {
  const { journal, connect } = await crowd()
  const pressed = await connect(11)
  const flooding = await Promise.all(ids(10).map(number => connect(number)))
  pressed.send(...ids(5).map(id => publishPacket(heartbeats(11), '{}', id)))
  await until(() => journal.held.length === 5, 'its heartbeats')
  for (const [index, device] of flooding.entries())
    device.send(...ids(900).map(id => publishPacket(heartbeats(index + 1), '{}', id)))
  await until(() => journal.held.length >= maxWaiting, 'a crowd')
  pressed.send(publishPacket(topics.event(button(11), 'alarm'), JSON.stringify(panic('help')), 6))
  const isAlarm = () => journal.held.some(({ publish }) => 'kind' in publish && publish.kind === 'alarm')
  await until(isAlarm, 'the press')
  expect(acked(pressed)).toEqual([])
})

test('no connection stalls, however its packets are cut and whenever the disk answers: all are taken, in order', async () => {
  const { journal, connect } = await crowd()
  const device = await connect(1)
  let sent = 0
  const step = fc.record({
    publishes: fc.array(fc.constantFrom(2, 200, 5000, 60_000), { minLength: 1, maxLength: 30 }),
    cut: fc.integer({ min: 1, max: 200_000 }),
    commits: fc.integer({ min: 0, max: 40 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async steps => {
      for (const { publishes, cut, commits } of steps) {
        const bytes = Buffer.concat(
          publishes.map(size =>
            mqttPacket.generate(publishPacket(heartbeats(1), `{"x":"${'y'.repeat(size)}"}`, (sent++ % 60_000) + 1)),
          ),
        )
        for (let at = 0; at < bytes.length; at += cut) {
          device.socket.write(bytes.subarray(at, at + cut))
          await new Promise(resolve => setImmediate(resolve))
        }
        journal.commit(Math.min(commits, journal.held.length))
      }
      await until(() => {
        journal.commit()
        return acked(device).length === sent
      }, 'all PUBACKs')
      expect(acked(device)).toEqual(ids(sent).map(n => ((n - 1) % 60_000) + 1))
    }),
    { numRuns: 12, seed: 20_251_124, endOnFailure: true },
  )
})

test('who waits to be read is not taken for gone; who says nothing is', async () => {
  const { journal, connect } = await crowd()
  const keepalive = (number: number) => ({ connect: connectPacket(button(number).device, { keepalive: 1 }) })
  const waiting = await connect(1, keepalive(1))
  // A thousand wait for the disk, so its PINGREQ isn't read.
  waiting.send(...ids(1001).map(id => publishPacket(heartbeats(1), '{}', id)), { cmd: 'pingreq' })
  await until(() => journal.held.length === 1000, 'as much as may wait')
  const silent = await connect(2, keepalive(2))
  await silent.packet(({ cmd }) => cmd === 'connack')
  await silent.closed
  expect(waiting.socket.closed).toBe(false)
  journal.run()
  await waiting.packet(({ cmd }) => cmd === 'pingresp')
  await until(() => acked(waiting).length === 1001, 'all PUBACKs')
  expect(acked(waiting)).toEqual(ids(1001))
})
