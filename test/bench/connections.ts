import { setTimeout as after } from 'node:timers/promises'
import { topics } from '../../schemas/topics.ts'
import { panic } from '../helpers/device.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { connectRaw, publishPacket } from '../helpers/raw-device.ts'
import { until } from '../helpers/until.ts'
import { type Figure, row } from './figure.ts'
import { rssKib } from './process-cost.ts'
import { type Bench, startBench } from './processes.ts'
import { benchButton, benchDirectory } from './stand.ts'

/**
 * A fleet that is connected and sends heartbeats: what a connection costs; then the gateway is killed and started again, and
 * half of the fleet comes back at once with an alarm among it.
 */
export type Connections = {
  devices: number
  connectMs: number
  rssBefore: number
  rssAfter: number
  kibEach: number
  msEach: number
  storm: { devices: number; readyMs: number; allBackMs: number; pressedToToldMs: number }
}
type Said = { connected: number; pubacked: number; sinceMs: number }

const heartbeatMs = 30_000
const settleMs = 5000
const parts = 2

export async function connections(devices: number): Promise<Connections> {
  const { dir, registry, remove } = benchDirectory(devices)
  const endpoint = await startEndpoint()
  const env = { ...dispatchTo(endpoint), GATEHOUSE_MQTT_MAX_CONNECTIONS: String(devices + 1000) }
  const options = { dataDir: `${dir}/data`, registry, env }
  let gateway = await startGateway(options)
  await after(settleMs)
  const rssBefore = rssKib(gateway.pid)
  const began = Date.now()
  const each = devices / parts
  const fleet = Array.from({ length: parts }, (_, part) =>
    startBench('connected.ts', gateway.mqttPort, part * each, each, 10 + part * 100, heartbeatMs),
  )
  await allConnected(fleet, devices)
  const connectMs = Math.max(...fleet.map(part => said(part).sinceMs)) - began
  // Until each has sent at least one heartbeat.
  await after(heartbeatMs + settleMs)
  const rssAfter = rssKib(gateway.pid)
  if (fleet.some(part => said(part).pubacked < each)) throw new Error('not all heartbeats were pubacked')

  const staying = fleet.slice(0, 1)
  await Promise.all(fleet.slice(1).map(part => part.end()))
  const { mqttPort } = gateway
  await gateway.kill()
  const killed = Date.now()
  gateway = await startGateway({ ...options, mqttPort })
  const readyMs = Date.now() - killed
  const told = press(mqttPort, endpoint)
  await allConnected(staying, each)
  const allBackMs = Math.max(...staying.map(part => said(part).sinceMs)) - killed - readyMs
  const pressedToToldMs = await told
  await Promise.all(staying.map(part => part.end()))
  await gateway.stop()
  await endpoint.down()
  remove()
  const kibEach = (rssAfter - rssBefore) / devices
  return {
    devices,
    connectMs,
    rssBefore,
    rssAfter,
    kibEach,
    msEach: connectMs / devices,
    storm: { devices: each, readyMs, allBackMs, pressedToToldMs },
  }
}

/** As a device does it: connects, presses, and the centre is told. */
async function press(mqttPort: number, endpoint: Awaited<ReturnType<typeof startEndpoint>>): Promise<number> {
  const address = benchButton(0)
  const startedMs = performance.now()
  const raw = await connectRaw(mqttPort, address.device)
  raw.send(publishPacket(topics.event(address, 'alarm'), JSON.stringify(panic(`storm-${Date.now()}`)), 1))
  await endpoint.next(({ message }) => message.data.alarm?.device.id === address.device, 60_000)
  raw.socket.destroy()
  return performance.now() - startedMs
}

const said = (part: Bench): Said => JSON.parse(part.last() ?? '{"connected":0,"pubacked":0,"sinceMs":0}') as Said
const allConnected = (fleet: Bench[], devices: number) =>
  until(
    () => fleet.reduce((sum, part) => sum + said(part).connected, 0) >= devices,
    `${devices} connections; there are ${fleet.map(part => said(part).connected).join(' and ')}`,
    120_000,
  )

export function connectionFigures({ devices, kibEach, msEach, storm }: Connections): Figure[] {
  const count = (number: number) => number.toLocaleString('en')
  const figure = (title: string, unit: string, value: number): Figure => ({
    title,
    unit,
    better: 'less',
    rows: [row('gateway', [value])],
    missing: [],
  })
  return [
    { ...figure(`RSS per connection, ${count(devices)} that say little`, 'kB', kibEach * 1.024), aim: { value: 20 } },
    figure('time per connection while they all connect', 'ms', msEach),
    figure(
      `killed and started: until ${count(storm.devices)} are back, and an alarm among them told`,
      'ms',
      Math.max(storm.allBackMs, storm.pressedToToldMs),
    ),
  ]
}

if (import.meta.main) {
  const found = await connections(Number(process.argv[2] ?? 10_000))
  console.log(JSON.stringify(found, null, 2))
  process.exit(0)
}
