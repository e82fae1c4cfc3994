import { setTimeout as after } from 'node:timers/promises'
import { topics } from '../../schemas/topics.ts'
import { panic } from '../helpers/device.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { connectRaw, publishPacket } from '../helpers/raw-device.ts'
import { until } from '../helpers/until.ts'
import { type Figure, row } from './figure.ts'
import { cpuMs, rssKib } from './process-cost.ts'
import { type Bench, startBench } from './processes.ts'
import { benchButton, benchDirectory } from './stand.ts'

/**
 * A fleet that is connected and sends heartbeats: what a connection costs; then the gateway is killed and started again, and
 * half of the fleet comes back at once with an alarm among it.
 */
export type Connections = {
  devices: number
  /** Until all were connected, on the clock of the wall and on the gateway's processors. */
  connectMs: number
  cpuMsEach: number
  /** Empty, with the first thousand, with all. A connection's share is counted between the last two: the first also pay for compiled code. */
  rssKib: [number, number, number]
  kibEach: number
  storm: { devices: number; readyMs: number; allBackMs: number; cpuMs: number; pressedToToldMs: number }
}
type Said = { connected: number; pubacked: number; sinceMs: number }

const heartbeatMs = 30_000
const settleMs = 5000
const firstDevices = 1000

export async function connections(devices: number): Promise<Connections> {
  const { dir, registry, remove } = benchDirectory(devices)
  const endpoint = await startEndpoint()
  const env = { ...dispatchTo(endpoint), GATEHOUSE_MQTT_MAX_CONNECTIONS: String(devices + 1000) }
  const options = { dataDir: `${dir}/data`, registry, env }
  let gateway = await startGateway(options)
  await after(settleMs)
  const empty = rssKib(gateway.pid)
  const part = (from: number, count: number, address: number) =>
    startBench('connected.ts', gateway.mqttPort, from, count, address, heartbeatMs)
  const first = part(0, firstDevices, 10)
  await allConnected([first], firstDevices)
  await after(settleMs)
  const warm = rssKib(gateway.pid)
  const cpuBefore = cpuMs(gateway.pid)
  const began = Date.now()
  const half = devices / 2
  const fleet = [first, part(firstDevices, half - firstDevices, 50), part(half, half, 150)]
  await allConnected(fleet, devices)
  const connectMs = Math.max(...fleet.map(part => said(part).sinceMs)) - began
  const cpuMsEach = (cpuMs(gateway.pid) - cpuBefore) / (devices - firstDevices)
  // Until each has sent at least one heartbeat.
  await after(heartbeatMs + settleMs)
  const all = rssKib(gateway.pid)
  if (fleet.reduce((sum, part) => sum + said(part).pubacked, 0) < devices) throw new Error('not all heartbeats came')
  process.stderr.write(`connections: ${devices} in ${connectMs} ms, RSS ${empty} → ${warm} → ${all} KiB\n`)

  const staying = fleet.slice(0, 2)
  await fleet[2]?.end()
  const { mqttPort } = gateway
  await gateway.kill()
  const killed = Date.now()
  gateway = await startGateway({ ...options, mqttPort })
  const readyMs = Date.now() - killed
  const told = press(mqttPort, endpoint)
  await allConnected(staying, half)
  const allBackMs = Math.max(...staying.map(part => said(part).sinceMs)) - killed - readyMs
  const stormCpuMs = cpuMs(gateway.pid)
  const pressedToToldMs = await told
  await Promise.all(staying.map(part => part.end()))
  await gateway.stop()
  await endpoint.down()
  remove()
  return {
    devices,
    connectMs,
    cpuMsEach,
    rssKib: [empty, warm, all],
    kibEach: (all - warm) / (devices - firstDevices),
    storm: { devices: half, readyMs, allBackMs, cpuMs: stormCpuMs, pressedToToldMs },
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

export function connectionFigures({ devices, cpuMsEach, kibEach, storm }: Connections): Figure[] {
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
    figure('processor time per connection while they all connect', 'ms', cpuMsEach),
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
