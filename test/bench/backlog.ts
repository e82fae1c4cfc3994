import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { seedJournal } from './journal-seed.ts'
import { rssKib } from './process-cost.ts'
import { startBench } from './processes.ts'
import { benchDirectory, loadDevices } from './stand.ts'

/**
 * What a consumer that was stopped for an hour costs: the gateway's RSS while events arrive and InfluxDB is down, what it grows
 * by per million of them, and while the backlog drains; and the same for a start on a journal that was filled before.
 *
 *     node test/bench/backlog.ts [--seconds 60] [--rate 5000] [--seed 2000000]
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '2000000' },
  },
})
const seconds = Number(values.seconds)
const seed = Number(values.seed)
type Stats = { accepted: number; consumers: { influx: { pending: number } } }
type Sample = { accepted: number; pending: number; rssMib: number }

async function sample(gateway: RunningGateway): Promise<Sample> {
  const { accepted, consumers } = await gateway.get<Stats>('stats')
  return { accepted, pending: consumers.influx.pending, rssMib: Math.round(rssKib(gateway.pid) / 1024) }
}
function show(what: string, { accepted, pending, rssMib }: Sample): void {
  console.log(
    `${what.padEnd(9)} accepted ${accepted.toLocaleString('en').padStart(10)}  pending ${pending.toLocaleString('en').padStart(10)}  RSS ${rssMib} MiB`,
  )
}
async function drained(gateway: RunningGateway): Promise<number> {
  for (let most = 0; ; await after(2000)) {
    const now = await sample(gateway)
    show('draining', now)
    most = Math.max(most, now.rssMib)
    if (now.pending === 0) return most
  }
}

const influxd = await startInfluxd()
{
  const { dir, registry, remove } = benchDirectory()
  const gateway = await startGateway({ dataDir: `${dir}/data`, registry, env: { GATEHOUSE_INFLUX_URL: influxd.url } })
  await influxd.stop()
  const load = startBench('load.ts', gateway.mqttPort, loadDevices, 200, Number(values.rate))
  const samples: Sample[] = []
  for (let passed = 0; passed < seconds; passed += 5) {
    await after(5000)
    const now = await sample(gateway)
    show('arriving', now)
    samples.push(now)
  }
  await load.end()
  // The first third is warm-up: compiled code, grown heaps, SQLite's pages.
  const warm = samples[Math.floor(samples.length / 3)] as Sample
  const last = samples.at(-1) as Sample
  const perMillion = ((last.rssMib - warm.rssMib) / (last.accepted - warm.accepted)) * 1e6
  await influxd.start()
  const most = await drained(gateway)
  console.log(
    `InfluxDB down: RSS ${warm.rssMib} → ${last.rssMib} MiB over ${(last.accepted - warm.accepted).toLocaleString('en')} entries (${perMillion.toFixed(1)} MiB a million), at most ${most} MiB while it drained\n`,
  )
  await gateway.stop()
  remove()
}
{
  const { dir, registry, remove } = benchDirectory()
  seedJournal(join(dir, 'data'), seed, ['alarms'])
  const gateway = await startGateway({ dataDir: `${dir}/data`, registry, env: { GATEHOUSE_INFLUX_URL: influxd.url } })
  const first = await sample(gateway)
  show('started', first)
  const most = await drained(gateway)
  console.log(
    `a start on ${seed.toLocaleString('en')} entries: ready after ${gateway.durationMs} ms, RSS at most ${most} MiB until all were in InfluxDB`,
  )
  await gateway.stop()
  remove()
}
await influxd.remove()
process.exit(0)
