import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { AppendQueue } from '../../gateway/sqlite/append-queue.ts'
import { openDatabase } from '../../gateway/sqlite/database.ts'
import { topics } from '../../schemas/topics.ts'
import { HeldJournal, startBroker } from '../helpers/broker.ts'
import { panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { connectRaw, publishPacket, type RawDevice } from '../helpers/raw-device.ts'
import { button } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** Contract 1 and 2: a PUBACK means that the entry is on disk. The test holds the commit, and looks at the wire. */
const alarms = topics.event(button(1), 'alarm')
const press = (messageId: number, qos: 0 | 1 | 2 = 1) =>
  publishPacket(alarms, JSON.stringify(panic(`press-${messageId}`)), messageId, qos)
/** Ids that do not rise, so that an order by id isn't taken for the order of the publishes. */
const ids = [40, 7, 65_535, 3, 22]

const idsOf = (device: RawDevice, cmd: 'puback' | 'pubrec' | 'pubcomp') =>
  device.packets.flatMap(packet => (packet.cmd === cmd ? [packet.messageId] : []))

/** A whole round trip: what the gateway had written before it answered has come. */
async function ping(device: RawDevice): Promise<void> {
  const count = () => device.packets.filter(({ cmd }) => cmd === 'pingresp').length
  const before = count()
  device.send({ cmd: 'pingreq' })
  await device.packet(() => count() > before)
}

async function connected() {
  const journal = new HeldJournal()
  const { port } = await startBroker(journal)
  const device = await connectRaw(port, button(1).device)
  onTestFinished(() => void device.socket.destroy())
  return { journal, device, port }
}

test('publishes of one segment: no PUBACK while the commit is held, then all in the order of the publishes', async () => {
  const { journal, device } = await connected()
  device.send(...ids.map(id => press(id)), { cmd: 'pingreq' })
  await device.packet(({ cmd }) => cmd === 'pingresp')
  expect(journal.held).toHaveLength(5)
  expect(idsOf(device, 'puback')).toEqual([])

  journal.commit()
  await device.packet(() => idsOf(device, 'puback').length === 5)
  expect(idsOf(device, 'puback')).toEqual(ids)
})

test('publishes of several segments: the same', async () => {
  const { journal, device } = await connected()
  for (const [index, id] of ids.entries()) {
    device.send(press(id))
    await until(() => journal.held.length === index + 1, `publish ${id} in the journal`)
  }
  await ping(device)
  expect(idsOf(device, 'puback')).toEqual([])

  journal.commit()
  await device.packet(() => idsOf(device, 'puback').length === 5)
  expect(idsOf(device, 'puback')).toEqual(ids)
})

test('each commit lets go exactly the PUBACKs of its entries', async () => {
  const { journal, device, port } = await connected()
  const witness = await connectRaw(port, button(2).device)
  onTestFinished(() => void witness.socket.destroy())
  device.send(...ids.map(id => press(id)))
  await until(() => journal.held.length === 5, 'all in the journal')
  let committed = 0
  for (const count of [1, 3, 1]) {
    journal.commit(count)
    committed += count
    await device.packet(() => idsOf(device, 'puback').length >= committed)
    await ping(witness)
    expect(idsOf(device, 'puback')).toEqual(ids.slice(0, committed))
  }
})

test('QoS 2: PUBREC only after the commit, in the order of the publishes, and then PUBCOMP', async () => {
  const { journal, device } = await connected()
  device.send(press(9, 2), press(4, 2), { cmd: 'pingreq' })
  await device.packet(({ cmd }) => cmd === 'pingresp')
  expect(journal.held).toHaveLength(2)
  expect(idsOf(device, 'pubrec')).toEqual([])

  journal.commit()
  await device.packet(() => idsOf(device, 'pubrec').length === 2)
  expect(idsOf(device, 'pubrec')).toEqual([9, 4])
  device.send({ cmd: 'pubrel', messageId: 9 }, { cmd: 'pubrel', messageId: 4 })
  await device.packet(() => idsOf(device, 'pubcomp').length === 2)
  expect(idsOf(device, 'pubcomp')).toEqual([9, 4])
})

test('a journal that fails: the connection ends, without a PUBACK for what failed or came behind it', async () => {
  const { journal, device } = await connected()
  device.send(...ids.map(id => press(id)))
  await until(() => journal.held.length === 5, 'all in the journal')
  journal.commit(1)
  await device.packet(({ cmd }) => cmd === 'puback')
  journal.fail(new Error('the disk is full'), 1)
  journal.commit()
  await device.closed
  expect(idsOf(device, 'puback')).toEqual(ids.slice(0, 1))
})

test('another device is answered while the first one waits for its commit', async () => {
  const { journal, device, port } = await connected()
  device.send(press(1), press(2))
  await until(() => journal.held.length === 2, 'both in the journal')
  const other = await connectRaw(port, button(2).device)
  onTestFinished(() => void other.socket.destroy())
  await ping(other)
  expect(idsOf(device, 'puback')).toEqual([])
})

test('a device that left before the commit changes nothing: the entry is kept and the gateway goes on', async () => {
  const { journal, device, port } = await connected()
  device.send(press(1))
  await until(() => journal.held.length === 1, 'it is in the journal')
  device.socket.destroy()
  await once(device.socket, 'close')
  const again = await connectRaw(port, button(1).device)
  onTestFinished(() => void again.socket.destroy())
  journal.commit()
  again.send(press(2))
  await until(() => journal.held.length === 1, 'the next is in the journal')
  journal.commit()
  await again.packet(packet => packet.cmd === 'puback' && packet.messageId === 2)
  expect(idsOf(again, 'puback')).toEqual([2])
})

test('with the real journal: no PUBACK while another connection holds the write lock of its file', async () => {
  const file = `${temporaryDirectory()}/journal.sqlite`
  const database = await openDatabase(file, error => {
    throw error
  })
  onTestFinished(() => database.close())
  const journal = new AppendQueue(database.write)
  const { port } = await startBroker(journal)
  const device = await connectRaw(port, button(1).device)
  onTestFinished(() => void device.socket.destroy())
  const other = new DatabaseSync(file)
  onTestFinished(() => other.close())
  const count = other.prepare('SELECT count(*) AS count FROM entry')

  const free = await openDatabase(`${temporaryDirectory()}/journal.sqlite`, () => {})
  onTestFinished(() => free.close())

  other.exec('BEGIN IMMEDIATE')
  device.send(...ids.slice(0, 3).map(id => press(id)), { cmd: 'pingreq' })
  await device.packet(({ cmd }) => cmd === 'pingresp')
  // Time enough for a commit, were it not held: one of another file goes through its thread and back.
  await free.write.call('enroll', 'alarms')
  expect(journal.queued).toBe(3)
  expect(idsOf(device, 'puback')).toEqual([])
  expect(count.get()).toEqual({ count: 0 })

  other.exec('ROLLBACK')
  await device.packet(({ cmd }) => cmd === 'puback')
  expect(count.get()).toEqual({ count: 3 })
  await device.packet(() => idsOf(device, 'puback').length === 3)
  expect(idsOf(device, 'puback')).toEqual(ids.slice(0, 3))
})
