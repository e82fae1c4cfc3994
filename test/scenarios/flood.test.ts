import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { EventView, Stats } from '../../schemas/api.ts'
import { topics } from '../../schemas/topics.ts'
import { panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { connectRaw, publishPacket, type RawDevice } from '../helpers/raw-device.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** Contract of issue 4: whoever floods waits behind itself. The disk is held back, so that a backlog stands there to be overtaken. */
const floods = [1, 2, 3, 4]
const eventsEach = 990
/** As many as two batches may hold: what was on its way to the disk already isn't overtaken. */
const onTheirWay = 2 * 1024

const pubacks = (device: RawDevice) =>
  device.packets.flatMap(packet => (packet.cmd === 'puback' ? [packet.messageId] : []))

test('alarms are stored and told before a backlog that came first, also a flooding device’s own; nothing is lost, PUBACKs keep their order', async () => {
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const dir = temporaryDirectory()
  const gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir, { buttons: 5 }),
    env: dispatchTo(endpoint),
  })
  onTestFinished(() => gateway.kill())
  const connect = async (number: number) => {
    const device = await connectRaw(gateway.mqttPort, button(number).device)
    onTestFinished(() => void device.socket.destroy())
    return device
  }
  const flooding = await Promise.all(floods.map(connect))
  const quiet = await connect(5)
  const queued = async (count: number) => {
    const metrics = async () => (await fetch(`${gateway.httpUrl}/metrics`)).text()
    await until(async () => (await metrics()).includes(`gatehouse_journal_queued ${count}\n`), `${count} waiting`)
  }

  const disk = new DatabaseSync(`${dir}/data/journal.sqlite`)
  onTestFinished(() => disk.close())
  disk.exec('BEGIN IMMEDIATE')
  for (const [index, device] of flooding.entries()) {
    const topic = topics.event(button(index + 1), 'access')
    device.send(
      ...Array.from({ length: eventsEach }, (_, n) => publishPacket(topic, JSON.stringify(passage(`e-${n}`)), n + 1)),
    )
  }
  await queued(floods.length * eventsEach)
  flooding[0]!.send(publishPacket(topics.event(button(1), 'alarm'), JSON.stringify(panic('own')), 5000))
  quiet.send(publishPacket(topics.event(button(5), 'alarm'), JSON.stringify(panic('help')), 1))
  flooding[0]!.send(publishPacket(topics.event(button(1), 'access'), JSON.stringify(passage('after')), 4000))
  await queued(floods.length * eventsEach + 3)
  expect([...flooding, quiet].flatMap(pubacks)).toEqual([])
  disk.exec('ROLLBACK')

  for (const number of [1, 5])
    await endpoint.next(
      ({ message }) =>
        message.type === 'alarm.raised' &&
        message.subject !== null &&
        JSON.stringify(message).includes(button(number).device),
    )
  await until(() => pubacks(quiet).length === 1, 'the alarm’s PUBACK')
  const inOrder = Array.from({ length: eventsEach }, (_, n) => n + 1)
  await until(() => pubacks(flooding[0]!).length === eventsEach + 2, 'the PUBACKs')
  expect(pubacks(flooding[0]!)).toEqual([...inOrder, 5000, 4000])
  for (const device of flooding.slice(1)) {
    await until(() => pubacks(device).length === eventsEach, 'the PUBACKs')
    expect(pubacks(device)).toEqual(inOrder)
  }

  const { items } = await gateway.get<{ items: EventView[] }>('events?kind=alarm')
  expect(items.map(({ id }) => id).sort()).toEqual(['help', 'own'])
  for (const { seq } of items) expect(seq).toBeLessThanOrEqual(onTheirWay + 2)
  const total = floods.length * eventsEach + 3
  expect(await gateway.get<Stats>('stats')).toMatchObject({
    received: total,
    accepted: total,
    rejected: 0,
    duplicate: 0,
  })
})

test('a device that floods with invalid events: all are pubacked, numbered and counted, some are kept; its alarm is raised', async () => {
  const dir = temporaryDirectory()
  const gateway = await startGateway({ dataDir: `${dir}/data`, registry: writeRegistry(dir) })
  onTestFinished(() => gateway.kill())
  const device = await connectRaw(gateway.mqttPort, button(1).device)
  onTestFinished(() => void device.socket.destroy())
  const count = 2000
  const topic = topics.event(button(1), 'access')
  device.send(...Array.from({ length: count }, (_, n) => publishPacket(topic, `{"id":"e-${n}","data":{}}`, n + 1)))
  device.send(publishPacket(topics.event(button(1), 'alarm'), JSON.stringify(panic('help')), 60_000))
  await until(() => pubacks(device).length === count + 1, 'the PUBACKs')
  expect(pubacks(device)).toEqual([...Array.from({ length: count }, (_, n) => n + 1), 60_000])
  const stats = await gateway.get<Stats>('stats')
  expect(stats).toMatchObject({ received: count + 1, accepted: 1, duplicate: 0, rejected: count })
  expect(stats.journal.lastSeq).toBe(count + 1)
  const { items } = await gateway.get<{ items: unknown[] }>('rejections?limit=1000')
  // Of one minute 500 are kept; the test may run into the next one.
  expect(items.length).toBeGreaterThanOrEqual(500)
  expect(items.length).toBeLessThanOrEqual(1000)
  await until(async () => (await gateway.get<{ items: unknown[] }>('alarms')).items.length === 1, 'the alarm')
})
