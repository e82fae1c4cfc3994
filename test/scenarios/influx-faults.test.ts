import { setTimeout as after } from 'node:timers/promises'
import { onTestFinished, test } from 'vitest'
import { connectDevice, type Device, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { type Fault, startFaultProxy } from '../helpers/fault-proxy.ts'
import { startGateway } from '../helpers/gateway.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { button, gate, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/**
 * The whole gateway while InfluxDB misbehaves. Under each fault events go on being pubacked and an alarm reaches dispatch
 * before the fault is lifted; afterwards each event is one point. GATEHOUSE_FAULT_SECONDS holds each fault longer.
 */
const heldMs = Number(process.env.GATEHOUSE_FAULT_SECONDS ?? 0) * 1000
const eventsPerFault = 300
const faults: [string, Fault | 'refuse' | 'stopped'][] = [
  ['its process stopped', 'stopped'],
  ['connections refused', 'refuse'],
  ['answering 500', { kind: 'answer', status: 500 }],
  ['answering 503', { kind: 'answer', status: 503 }],
  ['answering 401', { kind: 'answer', status: 401, body: '{"error":"authorization failed"}' }],
  ['answering 429', { kind: 'answer', status: 429 }],
  ['taking half of a batch, with "partial write"', { kind: 'half' }],
  ['closing in the middle of the request', { kind: 'cut-request' }],
  ['written, then closing before the answer', { kind: 'cut-before-answer' }],
  ['written, then closing in the middle of the answer', { kind: 'cut-answer', status: 200 }],
]

test('an InfluxDB that is away, refuses or answers by halves loses and doubles nothing, and delays no alarm', {
  timeout: 120_000 + faults.length * heldMs,
}, async ({ expect }) => {
  const dir = temporaryDirectory()
  const influxd = await startInfluxd()
  onTestFinished(() => influxd.remove())
  const proxy = await startFaultProxy(influxd.url)
  onTestFinished(() => proxy.close())
  const database = influxd.newDatabase()
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir, { buttons: faults.length }),
    env: { ...dispatchTo(endpoint), GATEHOUSE_INFLUX_URL: proxy.url, GATEHOUSE_INFLUX_DATABASE: database },
  })
  onTestFinished(() => gateway.kill())
  const device = await connectDevice(gateway.mqttUrl, gate)
  onTestFinished(() => device.end())

  let sent = 0
  const publish = async (count: number) => {
    await Promise.all(Array.from({ length: count }, () => device.publish('access', passage(`p-${sent++}`))))
  }
  await publish(eventsPerFault)
  await until(async () => (await influxd.countPoints(database)) === sent, 'the points without a fault')

  for (const [index, [name, fault]] of faults.entries()) {
    if (fault === 'refuse') await proxy.refuse()
    else if (fault === 'stopped') await influxd.stop()
    else proxy.set(fault)
    const heldUntil = performance.now() + heldMs
    await publish(eventsPerFault)
    const presser: Device = await connectDevice(gateway.mqttUrl, button(index + 1))
    const pressedAt = performance.now()
    await presser.publish('alarm', panic(`press-${index}`))
    await endpoint.next(({ message }) => message.data.alarm?.device.id === `button-${index + 1}`)
    const alarmMs = performance.now() - pressedAt
    await presser.end()
    // The fault must have been met, or this shows nothing.
    if (typeof fault === 'object') await until(() => proxy.met() > 0, `${name}: a write that meets it`)
    while (performance.now() < heldUntil) {
      await publish(50)
      await after(50)
    }
    console.log(`InfluxDB ${name}: alarm at dispatch ${alarmMs.toFixed(0)} ms after the press`)
    if (fault === 'refuse') await proxy.listen()
    else if (fault === 'stopped') await influxd.start()
    else proxy.set({ kind: 'pass' })
    const presses = index + 1
    await until(
      async () => (await influxd.countPoints(database)) === sent + presses,
      `${name}: all points after it`,
      30_000,
    )
  }

  type Stats = { accepted: number; consumers: { influx: { done: number; pending: number; quarantined: number } } }
  const stats = await until(async () => {
    const found = await gateway.get<Stats>('stats')
    return found.consumers.influx.pending === 0 && found
  }, 'nothing pending')
  expect(stats.consumers.influx).toEqual({ done: stats.accepted, pending: 0, quarantined: 0 })
  expect(stats.accepted).toBe(sent + faults.length)
  const rows = await influxd.client(database).query<{ id: string }>('SELECT id FROM access')
  expect(new Set(rows.map(({ id }) => id)).size).toBe(sent)
  expect(rows.length).toBe(sent)
})
