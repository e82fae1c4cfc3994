import { expect, onTestFinished, test } from 'vitest'
import type { Alarm } from '../../schemas/alarm.ts'
import type { ResponseReport } from '../../schemas/report.ts'
import { connectDevice, panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { type Influxd, startInfluxd } from '../helpers/influxd.ts'
import { post } from '../helpers/people.ts'
import { button, school, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** A school with four buttons whose alarms people close; InfluxDB may be away. */
async function startHandling(influxd: Influxd) {
  const dir = temporaryDirectory()
  const database = influxd.newDatabase()
  const options = {
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir),
    env: { GATEHOUSE_INFLUX_URL: influxd.url, GATEHOUSE_INFLUX_DATABASE: database },
  }
  const start = async () => {
    const gateway = await startGateway(options)
    onTestFinished(() => gateway.kill())
    return gateway
  }
  type Gateway = Awaited<ReturnType<typeof start>>
  async function handle(
    gateway: Gateway,
    number: number,
    steps: Record<string, object>,
    more: object = {},
  ): Promise<Alarm> {
    const device = await connectDevice(gateway.mqttUrl, button(number))
    await device.publish('alarm', panic(`p-${number}`, more))
    await device.end()
    const { id } = await until(
      async () =>
        (await gateway.get<{ items: Alarm[] }>('alarms')).items.find(found => found.device.id === `button-${number}`),
      `the alarm of button ${number}`,
    )
    let alarm: Alarm | undefined
    for (const [action, body] of Object.entries(steps)) {
      const { status, json } = await post(gateway, `alarms/${id}/${action}`, { by: '王', ...body })
      expect([action, status]).toEqual([action, 200])
      alarm = json
    }
    return alarm as Alarm
  }
  const points = async () =>
    (await influxd.client(database).getDatabaseNames()).includes(database)
      ? [...(await influxd.client(database).query<Record<string, unknown>>('select * from response'))]
      : []
  return { start, handle, points, database }
}

const whole = { acknowledge: {}, dispatch: {}, arrive: {}, close: { disposition: 'real' } }
const ms = (from: string | undefined, to: string | undefined) => Date.parse(to!) - Date.parse(from!)

test('a closed alarm is one point and a line of the report, each leg as its history says', async () => {
  const influxd = await startInfluxd()
  onTestFinished(() => influxd.remove())
  const { start, handle, points, database } = await startHandling(influxd)
  const gateway = await start()
  const alarm = await handle(gateway, 1, whole)
  await handle(gateway, 2, { acknowledge: {}, close: { disposition: 'false' } })
  await handle(gateway, 3, { acknowledge: {}, close: { disposition: 'drill' } }, { mode: 'drill' })

  const found = await until(async () => (await points()).length === 3 && (await points()), 'three points')
  const at = (what: string) => alarm.history.find(line => line.what === what)?.at
  const legs = {
    acknowledgeMs: ms(alarm.receivedAt, at('acknowledged')),
    dispatchMs: ms(at('acknowledged'), at('dispatched')),
    arriveMs: ms(at('dispatched'), at('arrived')),
    closeMs: ms(alarm.receivedAt, at('closed')),
  }
  expect(found[0]).toMatchObject({
    site: school,
    siteKind: 'school',
    device: 'button-1',
    id: alarm.id,
    seq: 1,
    count: 1,
    mode: 'actual',
    responseMinutes: 3,
    ...legs,
  })
  expect(found.map(({ mode }) => mode)).toEqual(['actual', 'actual', 'drill'])
  expect((found[0]!.time as Date & { getNanoTime(): string }).getNanoTime()).toBe(`${Date.parse(at('closed')!)}000001`)
  expect(found[1]).toMatchObject({ device: 'button-2', seq: 2, arriveMs: null })
  expect(JSON.stringify(found)).not.toContain('王')
  const types = await influxd
    .client(database)
    .query<{ fieldKey: string; fieldType: string }>('show field keys from response')
  expect(Object.fromEntries(types.map(({ fieldKey, fieldType }) => [fieldKey, fieldType]))).toEqual({
    id: 'string',
    seq: 'integer',
    count: 'integer',
    mode: 'string',
    responseMinutes: 'integer',
    acknowledgeMs: 'integer',
    dispatchMs: 'integer',
    arriveMs: 'integer',
    closeMs: 'integer',
  })

  const report = async (query = '') => (await gateway.get<ResponseReport>(`reports/response${query}`)).items
  const [real] = await report()
  expect(real).toMatchObject({ site: school, responseMinutes: 3, alarms: 2, withinClass: 1 })
  expect(real).toMatchObject({
    acknowledgeMs: { count: 2 },
    dispatchMs: { count: 1, p50: legs.dispatchMs, p90: legs.dispatchMs },
    arriveMs: { count: 1, p50: legs.arriveMs },
    deliverMs: { count: 0, p50: null },
  })
  expect(await report(`?site=${school}&mode=drill`)).toMatchObject([{ alarms: 1, withinClass: null }])
  expect(await report('?site=compound-01')).toEqual([])
  expect(await report('?to=2026-01-01T00:00:00Z')).toEqual([])
  // Neither the journal's numbers nor its conservation know of these points.
  const stats = await gateway.get<{ accepted: number; consumers: object }>('stats')
  expect(stats).toMatchObject({ accepted: 3, consumers: { alarms: { done: 3 }, influx: { done: 3, quarantined: 0 } } })
  expect(Object.keys(stats.consumers).sort()).toEqual(['alarms', 'influx'])
  expect(await gateway.stop()).toBe(0)
})

test('alarms closed while InfluxDB is away are one point each in the end, whatever is killed meanwhile', async () => {
  const influxd = await startInfluxd()
  onTestFinished(() => influxd.remove())
  const { start, handle, points } = await startHandling(influxd)
  const first = await start()
  await handle(first, 1, whole)
  await until(async () => (await points()).length === 1, 'the first point')
  await influxd.stop()
  await handle(first, 2, whole)
  await first.kill()
  const second = await start()
  await handle(second, 3, whole)
  await influxd.start()
  await until(async () => (await points()).length === 3, 'the points of what was closed meanwhile')
  await second.kill()
  const third = await start()
  await handle(third, 4, whole)
  await until(async () => (await points()).some(({ seq }) => seq === 4), 'the last point')
  const found = await points()
  expect(found.map(({ seq, device }) => [seq, device])).toEqual([1, 2, 3, 4].map(n => [n, `button-${n}`]))
  expect(new Set(found.map(({ id }) => id)).size).toBe(4)
  expect(await third.stop()).toBe(0)
})
