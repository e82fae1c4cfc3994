import { alternate } from './alternate.ts'
import { type Figure, row } from './figure.ts'
import { pointsTaken, takenAt } from './influx-points.ts'
import { isHere, missingOf, type Peers } from './peers.ts'
import { cpuMs } from './process-cost.ts'
import { startBench } from './processes.ts'
import { loadDevices } from './stand.ts'
import { gateway, nodeRed, type StartSubject, withSubject } from './subject.ts'

/** Processor time per event at a steady 2,000/s: the gateway's process; Node-RED's and its broker's. InfluxDB's counts for neither. */
const rate = 2000
const inFlight = 1000
const warmingEvents = 3 * rate
const nobody = 9

export async function cpuPerEvent(peers: Peers, rounds: number, seconds: number): Promise<Figure[]> {
  const found = await alternate('cpu', rounds, {
    gateway: () => measure(gateway, seconds),
    ...(isHere(peers.nodeRed) && { 'Node-RED + mosquitto': () => measure(nodeRed, seconds) }),
  })
  return [
    {
      title: `processor time per event at ${rate.toLocaleString('en')}/s, MQTT to InfluxDB`,
      unit: 'µs',
      better: 'less',
      rows: Object.entries(found).map(([name, all]) => row(name, all)),
      against: 'Node-RED + mosquitto',
      aim: { ratio: 0.25 },
      missing: missingOf(peers.nodeRed),
    },
  ]
}

/** Until each event is a point: what was late by the end of the load belongs to it too. */
const measure = (start: StartSubject, seconds: number): Promise<number> =>
  withSubject(start, nobody, async (subject, influxd) => {
    const spentMs = () => subject.pids.reduce((sum, pid) => sum + cpuMs(pid), 0)
    const pour = async (events: number) => {
      const before = await pointsTaken(influxd)
      const spentBeforeMs = spentMs()
      const load = startBench('load.ts', subject.mqttPort, loadDevices, inFlight, rate, events)
      await takenAt(influxd, before + events)
      await load.end()
      return ((spentMs() - spentBeforeMs) * 1000) / events
    }
    await pour(warmingEvents)
    return await pour(seconds * rate)
  })
