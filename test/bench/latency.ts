import { startGateway } from '../helpers/gateway.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { shown } from './figure.ts'
import { quantile } from './median.ts'
import { startBench } from './processes.ts'
import { benchDirectory, loadDevices } from './stand.ts'
import { dispatchToPort } from './subject.ts'

/** From the press at the device to the request at the endpoint, while others publish. */
export type Latency = { rate: number; influx: boolean; pubacked: number; p50: number; p99: number; max: number }
const rates = [0, 2000, 5000, 10_000]
const pressesPerSecond = 20
const inFlight = 1000

export async function latencyUnderLoad(presses: number): Promise<Latency[]> {
  const results: Latency[] = []
  for (const influx of [false, true]) for (const rate of rates) results.push(await measure(rate, influx, presses))
  return results
}

async function measure(rate: number, withInflux: boolean, presses: number): Promise<Latency> {
  const { dir, registry, remove } = benchDirectory()
  const influxd = withInflux ? await startInfluxd() : undefined
  // 20 more to warm up: what a first press costs once after a start isn't what a press costs.
  const warming = 20
  const press = startBench('press.ts', 0, presses + warming, pressesPerSecond)
  const endpointPort = await press.line()
  const running = await startGateway({
    dataDir: `${dir}/data`,
    registry,
    env: {
      ...dispatchToPort(Number(endpointPort)),
      ...(influxd && { GATEHOUSE_INFLUX_URL: influxd.url }),
    },
  })
  const load = rate > 0 ? startBench('load.ts', running.mqttPort, loadDevices, inFlight, rate) : undefined
  await load?.line()
  const started = performance.now()
  press.tell(String(running.mqttPort))
  const latencies = (JSON.parse(await press.line()) as number[]).slice(warming).sort((one, other) => one - other)
  const { pubacked = 0 } = JSON.parse(load?.last() ?? '{}') as { pubacked?: number }
  const elapsedS = (performance.now() - started) / 1000
  if (latencies.length !== presses) throw new Error(`${presses - latencies.length} of ${presses} presses never arrived`)
  await load?.end()
  await running.stop()
  await influxd?.remove()
  remove()
  const result = {
    rate,
    influx: withInflux,
    pubacked: pubacked / elapsedS,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    max: latencies.at(-1) ?? 0,
  }
  process.stderr.write(
    `latency at ${rate}/s, InfluxDB ${withInflux}: p50 ${result.p50.toFixed(1)} p99 ${result.p99.toFixed(1)}\n`,
  )
  return result
}

export const latencyTable = (latencies: readonly Latency[]): string =>
  [
    '| background events/s | InfluxDB | pubacked events/s | press → webhook p50 | p99 | max |',
    '| --- | --- | --- | --- | --- | --- |',
    ...latencies.map(
      ({ rate, influx, pubacked, p50, p99, max }) =>
        `| ${shown(rate)} | ${influx ? 'yes' : 'no'} | ${shown(pubacked)} | ${p50.toFixed(1)} ms | ${p99.toFixed(1)} ms | ${max.toFixed(1)} ms |`,
    ),
  ].join('\n')
