import { expect, onTestFinished, test } from 'vitest'
import type { Stats } from '../../schemas/api.ts'
import { connectDevice, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { pointsByEvent } from '../helpers/influx-ids.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { gate, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

const count = 1000

test('1,000 events of one millisecond are 1,000 points; the same 1,000 ids again change nothing', async () => {
  const dir = temporaryDirectory()
  const influxd = await startInfluxd()
  onTestFinished(() => influxd.remove())
  const database = influxd.newDatabase()
  const gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir),
    env: { GATEHOUSE_INFLUX_URL: influxd.url, GATEHOUSE_INFLUX_DATABASE: database },
  })
  onTestFinished(() => gateway.kill())
  const device = await connectDevice(gateway.mqttUrl, gate, { acks: true })
  onTestFinished(() => device.end())

  const time = new Date(Math.floor(Date.now() / 1000) * 1000 - 1000).toISOString()
  const sendAll = () =>
    Promise.all(Array.from({ length: count }, (_, n) => device.publish('access', { ...passage(`e-${n}`), time })))
  const settled = async () =>
    await until(async () => {
      const found = await gateway.get<Stats>('stats')
      return Object.values(found.consumers).every(({ pending }) => pending === 0) && found
    }, 'all consumers done')

  await sendAll()
  await until(() => device.acks.length === count, 'the acks')
  const first = device.acks.splice(0)
  expect(first.map(({ id, result, seq }) => [id, result, seq])).toEqual(
    Array.from({ length: count }, (_, n) => [`e-${n}`, 'stored', n + 1]),
  )
  const before = await settled()
  expect(before).toMatchObject({ received: count, accepted: count, duplicate: 0, rejected: 0 })
  const points = await influxd.client(database).query<{ time: { getNanoTime(): string } }>('SELECT id FROM access')
  const nanoseconds = points.map(point => point.time.getNanoTime())
  expect(points.length).toBe(count)
  expect(new Set(nanoseconds).size).toBe(count)
  // The number counts the nanoseconds within the millisecond that the device said (contract 4).
  const millisecond = BigInt(Date.parse(time)) * 1_000_000n
  expect(nanoseconds.map(ns => BigInt(ns) - millisecond)).toEqual(
    Array.from({ length: count }, (_, n) => BigInt(n + 1)),
  )

  await sendAll()
  await until(() => device.acks.length === count, 'the acks of the second time')
  expect(device.acks.map(({ id, result, seq }) => [id, result, seq])).toEqual(
    first.map(({ id, seq }) => [id, 'duplicate', seq]),
  )
  // A last event passes through everything that the resent ones would have passed through.
  await device.publish('access', passage('last'))
  const after = await settled()
  expect(after).toMatchObject({ received: 2 * count + 1, accepted: count + 1, duplicate: count, rejected: 0 })
  expect(after.journal.lastSeq).toBe(count + 1)
  expect(after.consumers.influx).toEqual({ done: count + 1, pending: 0, quarantined: 0 })
  expect(await influxd.countPoints(database)).toBe(count + 1)
  expect([...(await pointsByEvent(influxd, database)).values()].every(points => points === 1)).toBe(true)
  expect(await gateway.stop()).toBe(0)
})
