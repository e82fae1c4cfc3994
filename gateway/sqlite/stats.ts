import type { DatabaseSync } from 'node:sqlite'
import type { RejectionView, Stats } from '../../schemas/api.ts'
import { iso } from '../clock.ts'

type StoredStats = Omit<Stats, 'connections'>
type Counters = Pick<Stats, 'received' | 'accepted' | 'duplicate' | 'rejected'> & { lastSeq: number }

/**
 * The conservation check's figures, all of one moment. `pending` is counted in the journal itself, not worked out from the
 * others: else the check could not fail.
 */
export function statsReader(db: DatabaseSync) {
  const counters = db.prepare('SELECT last_seq AS lastSeq, received, accepted, duplicate, rejected FROM counter')
  const consumer = db.prepare('SELECT cursor, passed, quarantined FROM consumer WHERE name = ?')
  const pending = db.prepare('SELECT count(*) AS count FROM entry WHERE seq > ?')
  const size = db.prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()')

  return (
    consumers: string[],
    alarmCounts: () => Stats['alarms'],
    deliveryCounts: () => Stats['deliveries'],
  ): StoredStats => {
    db.exec('BEGIN')
    try {
      const { lastSeq, ...counts } = counters.get() as unknown as Counters
      const perConsumer: Stats['consumers'] = {}
      for (const name of consumers) {
        const row = consumer.get(name) as { cursor: number; passed: number; quarantined: number } | undefined
        const { cursor, passed, quarantined } = row ?? { cursor: 0, passed: 0, quarantined: 0 }
        const { count } = pending.get(cursor) as { count: number }
        perConsumer[name] = { done: passed - quarantined, pending: count, quarantined }
      }
      return {
        ...counts,
        consumers: perConsumer,
        journal: { lastSeq, bytes: (size.get() as { bytes: number }).bytes },
        deliveries: deliveryCounts(),
        alarms: alarmCounts(),
      }
    } finally {
      db.exec('COMMIT')
    }
  }
}

/** How far consumers are behind, without counting: by their numbers, and by the age of the first entry that they haven't passed. */
export function lagReader(db: DatabaseSync) {
  const state = db.prepare('SELECT c.cursor, n.last_seq AS lastSeq FROM counter n, consumer c WHERE c.name = ?')
  const oldest = db.prepare('SELECT received_ms AS receivedAt FROM entry WHERE seq > ? ORDER BY seq LIMIT 1')
  return ({ consumers, now }: { consumers: string[]; now: number }) =>
    consumers.flatMap(consumer => {
      const row = state.get(consumer) as { cursor: number; lastSeq: number } | undefined
      if (row === undefined) return []
      const first = oldest.get(row.cursor) as { receivedAt: number } | undefined
      const seconds = first === undefined ? 0 : Math.max(0, now - first.receivedAt) / 1000
      return { consumer, entries: row.lastSeq - row.cursor, seconds }
    })
}

/** Newest first. The payload stays on disk: what failed validation may hold anything. */
export function rejectionReader(db: DatabaseSync) {
  return (query: {
    site?: string | undefined
    device?: string | undefined
    limit: number
    before: number
  }): {
    items: RejectionView[]
    next: number | null
  } => {
    const where = ['seq < ?']
    const values: (string | number)[] = [query.before]
    if (query.site !== undefined) {
      where.push('site = ?')
      values.push(query.site)
    }
    if (query.device !== undefined) {
      where.push('device = ?')
      values.push(query.device)
    }
    const found = db
      .prepare(
        `SELECT seq, site, device, topic, reason, received_ms, length(payload) AS bytes, replayed_as AS replayedAs FROM rejection
         WHERE ${where.join(' AND ')} ORDER BY seq DESC LIMIT ?`,
      )
      .all(...values, query.limit) as (Omit<RejectionView, 'receivedAt'> & { received_ms: number })[]
    return {
      items: found.map(({ received_ms, ...rest }) => ({ ...rest, receivedAt: iso(received_ms) })),
      next: found.length === query.limit ? (found.at(-1)?.seq ?? null) : null,
    }
  }
}
