import { alarmLatency } from './alarm.ts'
import { connectionFigures, connections } from './connections.ts'
import { cpuPerEvent } from './cpu.ts'
import { drainRates } from './drain.ts'
import { endToEnd } from './end-to-end.ts'
import type { Figure } from './figure.ts'
import { floodTable, latencyUnderFlood } from './flood.ts'
import { growth } from './growth.ts'
import { latencyTable, latencyUnderLoad } from './latency.ts'
import type { Peers } from './peers.ts'
import { pubackRates } from './puback.ts'
import { type FullJournal, startTimes } from './start.ts'

/** What the benchmark measures, part by part. */
export type Settings = { rounds: number; seconds: number; presses: number; entries: number; devices: number }
export type Stand = Settings & { peers: Peers; fullJournal: () => FullJournal }
export type Part = {
  about: string
  measure: (stand: Stand) => Promise<Figure[]>
}
/** Looks deeper into one thing; only by name, and not in the table. */
export type Study = { about: string; measure: (settings: Settings) => Promise<{ raw: unknown; table: string }> }

export const parts: Record<string, Part> = {
  puback: {
    about: 'QoS 1 pubacks/s, durable, against bare aedes and mosquitto',
    measure: ({ peers, rounds, seconds }) => pubackRates(peers, rounds, seconds),
  },
  'end-to-end': {
    about: 'events/s until the last is a point in InfluxDB, against Node-RED',
    measure: ({ peers, rounds, seconds }) => endToEnd(peers, rounds, seconds),
  },
  alarm: {
    about: 'press → webhook, idle and under 10,000 events/s, against Node-RED',
    measure: ({ peers, rounds, presses }) => alarmLatency(peers, rounds, presses),
  },
  cpu: {
    about: 'processor time per event at 2,000/s, against Node-RED and its broker',
    measure: ({ peers, rounds, seconds }) => cpuPerEvent(peers, rounds, seconds),
  },
  drain: {
    about: 'a backlog into InfluxDB, against the influx package writing prepared batches',
    measure: ({ rounds, seconds }) => drainRates(rounds, seconds),
  },
  growth: {
    about: 'pubacks/s with --entries in the journal, against an empty one',
    measure: ({ fullJournal, rounds, seconds }) => growth(fullJournal(), rounds, seconds),
  },
  start: {
    about: 'time until ready and RSS, with an empty journal and with --entries in it',
    measure: ({ fullJournal, rounds }) => startTimes(fullJournal(), rounds),
  },
  connections: {
    about: '--devices that are connected: RSS and time each; half of them back at once after a kill',
    measure: async ({ devices }) => connectionFigures(await connections(devices)),
  },
}

export const studies: Record<string, Study> = {
  latency: {
    about: 'press → webhook at 0, 2,000, 5,000 and 10,000 events/s, with InfluxDB and without',
    measure: async ({ presses }) => {
      const raw = await latencyUnderLoad(presses)
      return { raw, table: latencyTable(raw) }
    },
  },
  flood: {
    about: 'press → webhook while 1, 200 or 1,000 devices send as fast as they can: valid, invalid, QoS 0, alarms',
    measure: async ({ presses }) => {
      const raw = await latencyUnderFlood(presses)
      return { raw, table: floodTable(raw) }
    },
  },
}
