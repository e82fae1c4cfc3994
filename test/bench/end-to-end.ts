import { alternate } from './alternate.ts'
import { type Figure, row } from './figure.ts'
import { pointsOf, pointsTaken, takenAt } from './influx-points.ts'
import { isHere, missingOf, type Peers } from './peers.ts'
import { startBench } from './processes.ts'
import { loadDevices } from './stand.ts'
import { gateway, nodeRed, type StartSubject, withSubject } from './subject.ts'

/**
 * Events per second from the first publish until the last event is a point in InfluxDB: what waits in a broker's memory or in
 * a journal doesn't count as done. The same number of events for each.
 */
const inFlight = 20
const eventsPerSecond = 15_000
const warmingEvents = 10_000
const nobody = 9

export async function endToEnd(peers: Peers, rounds: number, seconds: number): Promise<Figure[]> {
  const events = seconds * eventsPerSecond
  const found = await alternate('end-to-end', rounds, {
    gateway: () => measure(gateway, events),
    ...(isHere(peers.nodeRed) && { 'Node-RED': () => measure(nodeRed, events) }),
  })
  return [
    {
      title: `${events.toLocaleString('en')} events, until the last is a point in InfluxDB`,
      unit: 'events/s',
      better: 'more',
      rows: Object.entries(found).map(([name, all]) => row(name, all)),
      against: 'Node-RED',
      aim: { ratio: 4 },
      missing: missingOf(peers.nodeRed),
    },
  ]
}

const measure = (start: StartSubject, events: number): Promise<number> =>
  withSubject(start, nobody, async (subject, influxd) => {
    const pour = async (count: number) => {
      const before = await pointsTaken(influxd)
      const load = startBench('load.ts', subject.mqttPort, loadDevices, inFlight, 0, count)
      const { sinceMs } = JSON.parse(await load.line()) as { sinceMs: number }
      const rate = count / (((await takenAt(influxd, before + count)) - sinceMs) / 1000)
      await load.end()
      return rate
    }
    await pour(warmingEvents)
    const rate = await pour(events)
    const points = await pointsOf(influxd, 'access')
    if (points !== warmingEvents + events)
      throw new Error(`${warmingEvents + events} events have become ${points} points`)
    return rate
  })
