import { startGateway } from '../helpers/gateway.ts'
import { shown } from './figure.ts'
import type { What } from './flooder.ts'
import { quantile } from './median.ts'
import { startBench } from './processes.ts'
import { benchDirectory } from './stand.ts'
import { dispatchToPort } from './subject.ts'

/** From the press at one device to the request at the endpoint, while others flood. By itself: `node test/bench/flood.ts [presses] [name…]` */
export type Flood = { flood: string; pubacked: number; p50: number; p99: number; max: number }
const floods: Record<string, { connections: number; what: What } | undefined> = {
  none: undefined,
  '1 device, valid events': { connections: 1, what: 'valid' },
  '1 device, invalid events': { connections: 1, what: 'invalid' },
  '1 device, QoS 0': { connections: 1, what: 'qos0' },
  '1 device, alarms': { connections: 1, what: 'alarms' },
  '200 devices, valid events': { connections: 200, what: 'valid' },
  '200 devices, invalid events': { connections: 200, what: 'invalid' },
  '1,000 devices, valid events': { connections: 1000, what: 'valid' },
}
const pressesPerSecond = 20
/** What a first press costs once after a start isn't what a press costs. */
const warming = 20

export async function latencyUnderFlood(presses: number, only: readonly string[] = []): Promise<Flood[]> {
  const results: Flood[] = []
  for (const name of Object.keys(floods))
    if (only.length === 0 || only.some(part => name.includes(part))) results.push(await measure(name, presses))
  return results
}

async function measure(name: string, presses: number): Promise<Flood> {
  const flood = floods[name]
  const { dir, registry, remove } = benchDirectory(flood?.connections ?? 1)
  const press = startBench('press.ts', 0, presses + warming, pressesPerSecond)
  const endpointPort = await press.line()
  const running = await startGateway({
    dataDir: `${dir}/data`,
    registry,
    env: dispatchToPort(Number(endpointPort)),
  })
  const flooder = flood && startBench('flooder.ts', running.mqttPort, flood.connections, flood.what)
  await flooder?.line()
  const started = performance.now()
  press.tell(String(running.mqttPort))
  const latencies = (JSON.parse(await press.line()) as number[]).slice(warming).sort((one, other) => one - other)
  const { accepted, rejected } = await running.get<{ accepted: number; rejected: number }>('stats')
  const elapsedS = (performance.now() - started) / 1000
  if (latencies.length !== presses) throw new Error(`${presses - latencies.length} of ${presses} presses never arrived`)
  await flooder?.end()
  await running.kill()
  remove()
  const result = {
    flood: name,
    pubacked: (accepted + rejected) / elapsedS,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    max: latencies.at(-1) ?? 0,
  }
  process.stderr.write(
    `flood: ${name}: p50 ${result.p50.toFixed(1)} p99 ${result.p99.toFixed(1)} max ${result.max.toFixed(1)} ms at ${Math.round(result.pubacked)}/s\n`,
  )
  return result
}

export const floodTable = (flooded: readonly Flood[]): string =>
  [
    '| flood | taken events/s | press → webhook p50 | p99 | max |',
    '| --- | --- | --- | --- | --- |',
    ...flooded.map(
      ({ flood, pubacked, p50, p99, max }) =>
        `| ${flood} | ${shown(pubacked)} | ${p50.toFixed(1)} ms | ${p99.toFixed(1)} ms | ${max.toFixed(1)} ms |`,
    ),
  ].join('\n')

if (import.meta.main) {
  const [presses = '100', ...only] = process.argv.slice(2)
  await latencyUnderFlood(Number(presses), only)
  process.exit(0)
}
