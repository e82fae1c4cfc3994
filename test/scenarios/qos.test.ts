import type { IPublishPacket } from 'mqtt-packet'
import { expect, onTestFinished, test } from 'vitest'
import { AppendQueue } from '../../gateway/sqlite/append-queue.ts'
import { openDatabase } from '../../gateway/sqlite/database.ts'
import type { Ack } from '../../schemas/ack.ts'
import { topics } from '../../schemas/topics.ts'
import { HeldJournal, startBroker } from '../helpers/broker.ts'
import { panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { connectPacket, connectRaw, publishPacket, type RawDevice } from '../helpers/raw-device.ts'
import { button } from '../helpers/registry.ts'

/** Contract 2: QoS 1; 2 works, 0 works with no promise. What is sent again changes nothing. */
const alarms = topics.event(button(1), 'alarm')
const press = (id: string, messageId: number, qos: 0 | 1 | 2) =>
  publishPacket(alarms, JSON.stringify(panic(id)), messageId, qos)
const again = (packet: ReturnType<typeof press>) => ({ ...packet, dup: true }) as IPublishPacket

async function open() {
  const database = await openDatabase(`${temporaryDirectory()}/journal.sqlite`, error => {
    throw error
  })
  onTestFinished(() => database.close())
  const { port } = await startBroker(new AppendQueue(database.write))
  const connect = async () => {
    const raw = await connectRaw(port, button(1).device)
    onTestFinished(() => void raw.socket.destroy())
    return raw
  }
  return {
    connect,
    ids: async () =>
      (await database.read.call('events', { before: Number.MAX_SAFE_INTEGER, limit: 100, window: 100 })).entries
        .map(({ id }) => id)
        .reverse(),
  }
}
const counted = (raw: RawDevice, cmd: string) => raw.packets.filter(packet => packet.cmd === cmd).length
const subscribe = async (raw: RawDevice) => {
  raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: topics.ack(button(1)), qos: 0 }] })
  await raw.packet(({ cmd }) => cmd === 'suback')
}
const acks = (raw: RawDevice) =>
  raw.packets
    .filter((packet): packet is IPublishPacket => packet.cmd === 'publish')
    .map(({ payload }) => JSON.parse(String(payload)) as Ack)

test('events of QoS 0, 1 and 2 are journalled in the order in which they were sent', async () => {
  const { connect, ids } = await open()
  const raw = await connect()
  raw.send(press('a', 0, 0), press('b', 1, 1), press('c', 2, 2), press('d', 0, 0), press('e', 3, 1))
  await raw.packet(packet => packet.cmd === 'puback' && packet.messageId === 3)
  await raw.packet(packet => packet.cmd === 'pubrec' && packet.messageId === 2)
  expect(await ids()).toEqual(['a', 'b', 'c', 'd', 'e'])
  // QoS 0 is answered with nothing.
  expect([counted(raw, 'puback'), counted(raw, 'pubrec')]).toEqual([2, 1])
})

test('QoS 2 sent again before PUBREL, and again on a new connection, is one entry', async () => {
  const { connect, ids } = await open()
  const first = await connect()
  await subscribe(first)
  const packet = press('once', 7, 2)
  first.send(packet, again(packet))
  await first.packet(() => counted(first, 'pubrec') === 2)
  first.send({ cmd: 'pubrel', messageId: 7 })
  await first.packet(({ cmd }) => cmd === 'pubcomp')
  await first.packet(() => acks(first).length === 2)
  expect(acks(first)).toMatchObject([
    { id: 'once', result: 'stored', seq: 1 },
    { id: 'once', result: 'duplicate', seq: 1 },
  ])
  first.socket.destroy()
  await first.closed

  const second = await connect()
  second.send(again(packet))
  await second.packet(({ cmd }) => cmd === 'pubrec')
  expect(await ids()).toEqual(['once'])
})

test('QoS 1 sent again with DUP, with another packet id and on a new connection: pubacked each time, one entry', async () => {
  const { connect, ids } = await open()
  const first = await connect()
  first.send(press('once', 1, 1), again(press('once', 1, 1)), press('once', 2, 1), press('other', 3, 1))
  await first.packet(() => counted(first, 'puback') === 4)
  const second = await connect()
  await subscribe(second)
  second.send(press('once', 1, 1))
  await second.packet(() => acks(second).length === 1)
  expect(acks(second)).toMatchObject([{ id: 'once', result: 'duplicate', seq: 1 }])
  expect(counted(second, 'puback')).toBe(1)
  expect(await ids()).toEqual(['once', 'other'])
})

test('any packet of a device is a sign of life, its will is not', async () => {
  const journal = new HeldJournal()
  journal.run()
  const seen: number[] = []
  let now = 1
  const { broker, port } = await startBroker(journal, { clock: () => now, onSeen: (_device, at) => seen.push(at) })
  const will = {
    topic: topics.status(button(1)),
    payload: Buffer.from('{"status":"offline","boot":1}'),
    qos: 1,
    retain: false,
  }
  const ready = new Promise(resolve => broker.once('clientReady', resolve))
  const raw = await connectRaw(port, button(1).device, { connect: connectPacket(button(1).device, { will }) })
  await ready
  now = 2
  raw.send({ cmd: 'pingreq' })
  await raw.packet(({ cmd }) => cmd === 'pingresp')
  now = 3
  raw.send(press('a', 1, 1))
  await raw.packet(({ cmd }) => cmd === 'puback')
  now = 4
  const gone = new Promise(resolve => broker.once('clientDisconnect', resolve))
  raw.socket.destroy()
  await gone
  expect([...new Set(seen)]).toEqual([1, 2, 3])
  expect(journal.appended).toBe(2)
})
