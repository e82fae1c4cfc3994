import type { ConditionPort } from '../api/condition.ts'
import type { Clock } from '../clock.ts'
import type { Level } from '../disk/level.ts'
import type { InForce } from '../in-force.ts'
import type { Metrics } from '../metrics.ts'
import type { Database } from '../sqlite/database.ts'
import type { InfluxConsumer } from './influx-consumer.ts'

/** How the gateway is, gathered from those who know. */
export function createCondition(parts: {
  database: Database
  consumers: string[]
  inForce: InForce
  /** As /readyz says it. */
  trouble: () => string | undefined
  journal: { queued: number }
  disk: { state(): { level: Level; freeBytes: number } }
  influx: InfluxConsumer | undefined
  presence: { connectedCount: number }
  broker: { reading: { throttled: number } }
  metrics: Pick<Metrics, 'eventLoopOfLastMinute'>
  clock: Clock
}): ConditionPort {
  const { database, consumers, inForce, trouble, journal, disk, influx, presence, broker, metrics, clock } = parts
  return async () => {
    const [stored, lag] = await Promise.all([
      database.lists.call('condition', undefined),
      database.lists.call('lag', { consumers, now: clock() }),
    ])
    const { level, freeBytes } = disk.state()
    const loop = metrics.eventLoopOfLastMinute()
    const ms = (seconds: number) => Math.round(seconds * 10_000) / 10
    const nothing = { pending: 0, oldestPendingAt: null, lastError: null, lastDeliveredAt: null }
    const state = influx?.state()
    return {
      uptimeS: Math.floor(process.uptime()),
      trouble: trouble() ?? null,
      journal: { queued: journal.queued },
      disk: { level, freeBytes: Number.isNaN(freeBytes) ? null : freeBytes },
      lag,
      influx: state === undefined ? null : { waiting: state.waiting, cursor: state.cursor, unsettled: state.unsettled },
      endpoints: inForce.targets.map(({ id, level }) => ({ id, level, ...(stored.endpoints[id] ?? nothing) })),
      eventLoop: loop === undefined ? null : { p50Ms: ms(loop.p50), p99Ms: ms(loop.p99), maxMs: ms(loop.max) },
      memoryBytes: process.memoryUsage.rss(),
      connections: { open: presence.connectedCount, throttled: broker.reading.throttled },
      faults: stored.faults,
    }
  }
}
