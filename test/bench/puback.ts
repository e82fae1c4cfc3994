import { setTimeout as after } from 'node:timers/promises'
import { startGateway } from '../helpers/gateway.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { until } from '../helpers/until.ts'
import { median } from './median.ts'
import { startBench } from './processes.ts'
import { benchDirectory, loadDevices } from './stand.ts'

/** Pubacks per second, each way in turn, round by round, so that a noisy minute hits all of them. */
export type Rate = { name: string; median: number; ratio: number; all: number[] }
const inFlight = 20
const warmMs = 2000

export async function pubackRates(rounds: number, seconds: number): Promise<Rate[]> {
  const ways: Record<string, () => Promise<number>> = {
    'bare aedes (nothing stored)': () => bareAedes(seconds),
    'gateway, pubacked after fsync': () => gateway(seconds, false),
    'gateway, pubacked and in InfluxDB': () => gateway(seconds, true),
  }
  const all = new Map(Object.keys(ways).map(name => [name, [] as number[]]))
  for (let round = 0; round < rounds; round++)
    for (const [name, measure] of Object.entries(ways)) {
      all.get(name)!.push(await measure())
      process.stderr.write(`puback round ${round + 1}/${rounds}: ${name}: ${Math.round(all.get(name)!.at(-1)!)}/s\n`)
    }
  const ceiling = median([...all.values()][0]!)
  return [...all].map(([name, rates]) => ({ name, median: median(rates), ratio: median(rates) / ceiling, all: rates }))
}

async function bareAedes(seconds: number): Promise<number> {
  const broker = startBench('bare-aedes.ts')
  const rate = await pubackRate(Number(await broker.line()), seconds)
  await broker.end()
  return rate
}

const counted = (line: string | undefined) => (JSON.parse(line ?? '{"pubacked":0}') as { pubacked: number }).pubacked

async function pubackRate(port: number, seconds: number): Promise<number> {
  const load = startBench('load.ts', port, loadDevices, inFlight, 0)
  await load.line()
  await after(warmMs)
  const before = counted(load.last())
  const started = performance.now()
  await after(seconds * 1000)
  const rate = ((counted(load.last()) - before) / (performance.now() - started)) * 1000
  await load.end()
  return rate
}

/** With InfluxDB the clock runs until the last event is a point there, so a backlog doesn't count as done. */
async function gateway(seconds: number, withInflux: boolean): Promise<number> {
  const { dir, registry, remove } = benchDirectory()
  const influxd = withInflux ? await startInfluxd() : undefined
  const env = { GATEHOUSE_LOG_LEVEL: 'info', ...(influxd && { GATEHOUSE_INFLUX_URL: influxd.url }) }
  const running = await startGateway({ dataDir: `${dir}/data`, registry, env })
  try {
    if (influxd === undefined) return await pubackRate(running.mqttPort, seconds)
    const load = startBench('load.ts', running.mqttPort, loadDevices, inFlight, 0)
    await load.line()
    const started = performance.now()
    await after(warmMs + seconds * 1000)
    await load.end()
    type Stats = { accepted: number; consumers: { influx: { pending: number } } }
    const stats = await until(
      async () => {
        const found = await running.get<Stats>('stats')
        return found.consumers.influx.pending === 0 && found
      },
      'the backlog in InfluxDB',
      120_000,
    )
    return (stats.accepted / (performance.now() - started)) * 1000
  } finally {
    await running.stop()
    await influxd?.remove()
    remove()
  }
}
