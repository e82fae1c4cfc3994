import { startGateway } from '../helpers/gateway.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { alternate } from './alternate.ts'
import { type Figure, row } from './figure.ts'
import { database, pointsOf, pointsTaken, takenAt } from './influx-points.ts'
import { seedJournal } from './journal-seed.ts'
import { startBench } from './processes.ts'
import { benchDirectory } from './stand.ts'

/** A backlog on its way into InfluxDB: from the journal, and the same points from memory by the bare package. */
const eventsPerSecond = 40_000
const names = { gateway: 'gateway', influx: 'influx package' }

export async function drainRates(rounds: number, seconds: number): Promise<Figure[]> {
  const events = seconds * eventsPerSecond
  const found = await alternate('drain', rounds, {
    [names.gateway]: () => gateway(events),
    [names.influx]: () => influxPackage(events),
  })
  return [
    {
      title: `drain a backlog of ${events.toLocaleString('en')} events into InfluxDB`,
      unit: 'points/s',
      better: 'more',
      rows: Object.entries(found).map(([name, all]) => row(name, all)),
      against: names.influx,
      aim: { ratio: 0.7 },
      missing: [],
    },
  ]
}

/** From the first points that InfluxDB has, so that the gateway's start doesn't count. */
async function gateway(events: number): Promise<number> {
  const { dir, registry, remove } = benchDirectory()
  const dataDir = `${dir}/data`
  seedJournal(dataDir, events, ['alarms'])
  const influxd = await startInfluxd()
  const running = await startGateway({ dataDir, registry, env: { GATEHOUSE_INFLUX_URL: influxd.url } })
  const firstAt = await takenAt(influxd, 1)
  const first = await pointsTaken(influxd)
  const lastAt = await takenAt(influxd, events)
  const points = await pointsOf(influxd, 'access')
  await running.stop()
  await influxd.remove()
  remove()
  if (points !== events) throw new Error(`${events} events have become ${points} points`)
  return (events - first) / ((lastAt - firstAt) / 1000)
}

async function influxPackage(events: number): Promise<number> {
  const influxd = await startInfluxd()
  await influxd.client(database).createDatabase(database)
  const writer = startBench('prepared-points.ts', influxd.url, events)
  const elapsedMs = Number(await writer.line())
  const points = await pointsOf(influxd, 'access')
  await writer.end()
  await influxd.remove()
  if (points !== events) throw new Error(`${events} points were written and ${points} are there`)
  return events / (elapsedMs / 1000)
}
