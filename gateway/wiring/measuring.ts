import { presences } from '../../schemas/api.ts'
import type { Certificates } from '../certificates/certificates.ts'
import type { Clock } from '../clock.ts'
import type { Presence } from '../devices/presence.ts'
import type { InForce } from '../in-force.ts'
import type { Log } from '../log.ts'
import { type Counts, createMetrics, type Metrics } from '../metrics.ts'
import type { Broker } from '../mqtt/broker.ts'
import type { Database } from '../sqlite/database.ts'
import type { createAlarming } from './alarming.ts'
import type { startInfluxConsumer } from './influx-consumer.ts'
import type { startStoring } from './storing.ts'
import type { Supervising } from './supervising.ts'

/** The wiring of /metrics: which part knows each number. */
export function startMeasuring(options: {
  database: Database
  consumers: string[]
  counts: Counts
  presence: Presence
  inForce: InForce
  clock: Clock
  log: Log
  /** What is made after the metrics, since it counts with them. Asked for only when somebody reads them. */
  later: () => Pick<ReturnType<typeof startStoring>, 'journal' | 'disk'> & {
    broker: Broker
    desk: Awaited<ReturnType<typeof createAlarming>>['desk']
    influx: ReturnType<typeof startInfluxConsumer> | undefined
    supervision: Supervising
    certificates: Certificates | undefined
  }
}): Metrics {
  const { database, consumers, counts, presence, inForce, clock, log, later } = options
  return createMetrics({
    counts,
    connections: () => presence.connectedCount,
    throttled: () => later().broker.reading.throttled,
    journalQueued: () => later().journal.queued,
    openAlarms: () => later().desk.openAlarms().length,
    influx: () => later().influx?.state(),
    disk: () => later().disk.state(),
    lag: () => database.read.call('lag', { consumers, now: clock() }),
    async waiting() {
      const endpoints = inForce.endpointIds()
      if (endpoints.length === 0) return []
      // The thread of lists: a count over a backlog must not delay the next alarm.
      const found = await database.lists.call('waiting', clock())
      return endpoints.map(
        endpoint => found.find(one => one.endpoint === endpoint) ?? { endpoint, deliveries: 0, seconds: 0 },
      )
    },
    presences,
    devices: () =>
      inForce.registry
        .watched()
        .map(({ id, site, kind }) => ({ site, kind, presence: later().supervision.presence(id) })),
    certificateExpiresAt: () => later().certificates?.expiresAt,
    log,
  })
}
