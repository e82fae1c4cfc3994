import { expect, onTestFinished, test } from 'vitest'
import { Condition } from '../../schemas/condition.ts'
import { Histogram } from '../../schemas/histogram.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { button, compound, gate, school, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** What the console's pages draw beside the lists: events over time, and how the gateway is. */
async function startWorld(env: Record<string, string> = {}) {
  const dir = temporaryDirectory()
  const gateway = await startGateway({ dataDir: `${dir}/data`, registry: writeRegistry(dir), env })
  onTestFinished(() => gateway.kill())
  return gateway
}

const hourMs = 60 * 60_000
const iso = (ms: number) => new Date(ms).toISOString()

test('events are counted where they lie, by kind, site or device, each in the time that it counts under', async () => {
  const gateway = await startWorld()
  const to = Math.floor(Date.now() / 1000) * 1000
  const from = to - 6 * hourMs
  const at = (hours: number) => ({ time: iso(from + hours * hourMs + 1000), buffered: true })
  const door = await connectDevice(gateway.mqttUrl, gate)
  for (const [id, hours] of [
    ['a', 0],
    ['b', 0],
    ['c', 2],
    ['early', -1],
    ['late', 6],
  ] as const)
    await door.publish('access', { ...passage(id), ...at(hours) })
  await door.publish('access', { ...passage('a'), ...at(0) })
  await door.end()
  for (const number of [1, 2]) {
    const pressing = await connectDevice(gateway.mqttUrl, button(number))
    await pressing.publish('alarm', { ...panic(`p-${number}`), ...at(5) })
    await pressing.end()
  }
  const ask = async (query: string) => {
    const answer = Histogram.parse(
      await gateway.get(`events/histogram?from=${iso(from)}&to=${iso(to)}&buckets=6${query}`),
    )
    return { ...answer, series: Object.fromEntries(answer.series.map(({ key, counts }) => [key, counts])) }
  }
  expect(await ask('')).toEqual({
    from: iso(from),
    to: iso(to),
    bucketMs: hourMs,
    buckets: 6,
    countedFrom: null,
    series: { access: [2, 0, 1, 0, 0, 0], alarm: [0, 0, 0, 0, 0, 2] },
  })
  expect((await ask('&by=site')).series).toEqual({ [compound]: [2, 0, 1, 0, 0, 0], [school]: [0, 0, 0, 0, 0, 2] })
  expect((await ask(`&by=device&site=${school}`)).series).toEqual({
    'button-1': [0, 0, 0, 0, 0, 1],
    'button-2': [0, 0, 0, 0, 0, 1],
  })
  expect((await ask('&kind=alarm&device=button-2')).series).toEqual({ alarm: [0, 0, 0, 0, 0, 1] })
  expect((await ask(`&site=${school}&kind=access`)).series).toEqual({})
  await expect(ask('&by=device')).rejects.toThrow('400')
  await expect(gateway.get(`events/histogram?from=${iso(to + hourMs)}`)).rejects.toThrow('400')
  await expect(gateway.get(`events/histogram?from=${iso(from)}&buckets=121`)).rejects.toThrow('400')
})

test('the condition says who waits for what, and since when', async () => {
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  endpoint.behave(response => void response.writeHead(503).end())
  const gateway = await startWorld(dispatchTo(endpoint))
  const ask = async () => Condition.parse(await gateway.get('health'))
  expect(await ask()).toMatchObject({
    trouble: null,
    disk: { level: 'roomy' },
    influx: null,
    endpoints: [
      { id: 'dispatch', level: 0, pending: 0, oldestPendingAt: null, lastError: null, lastDeliveredAt: null },
    ],
    faults: [],
  })
  const pressing = await connectDevice(gateway.mqttUrl, button(1))
  await pressing.publish('alarm', panic('p-1'))
  const waiting = await until(async () => {
    const found = await ask()
    return found.endpoints[0]?.lastError != null && found
  }, 'an attempt that failed')
  expect(waiting.endpoints[0]).toMatchObject({
    pending: 1,
    lastError: expect.stringContaining('503'),
    lastDeliveredAt: null,
  })
  expect(waiting.connections.open).toBe(1)
  expect(waiting.endpoints[0]!.oldestPendingAt).not.toBeNull()
  await pressing.end()
  endpoint.behave(response => void response.writeHead(200).end())
  const through = await until(async () => {
    const found = await ask()
    return found.endpoints[0]?.pending === 0 && found.connections.open === 0 && found
  }, 'the delivery')
  expect(through.endpoints[0]).toMatchObject({
    oldestPendingAt: null,
    lastError: null,
    lastDeliveredAt: expect.any(String),
  })
  expect(through.lag).toMatchObject([{ consumer: 'alarms', entries: 0 }])
  expect(through.memoryBytes).toBeGreaterThan(10_000_000)
  expect(through.faults).toEqual([])
})
