import { onTestFinished, test } from 'vitest'
import { connectDevice, panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

test('a press is on disk, in InfluxDB and at dispatch', async ({ expect }) => {
  const dir = temporaryDirectory()
  const influxd = await startInfluxd()
  onTestFinished(() => influxd.remove())
  const database = influxd.newDatabase()
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir),
    env: { ...dispatchTo(endpoint), GATEHOUSE_INFLUX_URL: influxd.url, GATEHOUSE_INFLUX_DATABASE: database },
  })
  onTestFinished(() => gateway.kill())

  const device = await connectDevice(gateway.mqttUrl, button(1), { acks: true })
  onTestFinished(() => device.end())
  await device.publish('alarm', panic('press-1'))

  const told = await endpoint.next()
  expect(told.message.type).toBe('alarm.raised')
  expect(told.message.data.alarm).toMatchObject({
    trigger: 'panic',
    mode: 'actual',
    stage: 'raised',
    pressCount: 1,
    site: { id: 'school-01', name: '第一小学', address: '示范区科技路60号', responseMinutes: 3 },
    device: { id: 'button-1', placement: '门卫室' },
  })
  expect(told.headers['content-type']).toBe('application/cloudevents+json')
  expect(told.message.subject).toBe(told.message.data.alarm?.id)

  const ack = await until(() => device.acks[0], 'the ack')
  expect(ack).toMatchObject({ id: 'press-1', result: 'stored', seq: 1 })

  const alarm = await until(async () => {
    const found = await gateway.get<{ stage: string; history: { what: string; by: string }[] }>(
      `alarms/${told.message.subject}`,
    )
    return found.stage === 'delivered' && found
  }, 'the stage delivered')
  expect(alarm.history.map(({ what, by }) => [what, by])).toEqual([
    ['raised', 'button-1'],
    ['delivered', 'dispatch'],
  ])

  await until(async () => (await influxd.countPoints(database)) === 1, 'the point')
  const [point] = await influxd.client(database).query<Record<string, unknown>>('SELECT * FROM alarm')
  expect(point).toMatchObject({
    site: 'school-01',
    siteKind: 'school',
    device: 'button-1',
    trigger: 'panic',
    state: 'raised',
    mode: 'actual',
    id: 'press-1',
    seq: 1,
    count: 1,
  })

  const stats = await until(async () => {
    const found = await gateway.get<{ consumers: Record<string, { pending: number }> }>('stats')
    return Object.values(found.consumers).every(({ pending }) => pending === 0) && found
  }, 'all consumers done')
  expect(stats).toMatchObject({
    received: 1,
    accepted: 1,
    duplicate: 0,
    rejected: 0,
    consumers: { alarms: { done: 1, quarantined: 0 }, influx: { done: 1, quarantined: 0 } },
  })
  expect(await gateway.stop()).toBe(0)
})
