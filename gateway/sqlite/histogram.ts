import type { DatabaseSync } from 'node:sqlite'
import { type EventFilter, whereOf } from './event-filter.ts'
import { kindOfCode } from './kinds.ts'

export type CountSlice = EventFilter & {
  fromMs: number
  bucketMs: number
  by: 'kind' | 'site' | 'device'
  before: number
  window: number
}
/** `next`: where to go on, null at the end; `receivedAt`: when the oldest entry that was looked at came in. */
export type Counted = {
  counts: [bucket: number, key: string, count: number][]
  next: number | null
  receivedAt: number
}

/**
 * Counts events where they lie, one slice at a time like the list of them (journal-reader.ts): only numbers cross threads. An
 * entry that the disk has changed is counted under what it says; a count names nobody.
 */
export function histogramReader(db: DatabaseSync, allBefore: (seq: number, fromMs: number) => boolean) {
  const lastEntry = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM entry')
  const oldest = db.prepare('SELECT received_ms AS at FROM entry WHERE seq >= ? ORDER BY seq LIMIT 1')
  const siteOf = db.prepare('SELECT id FROM site WHERE key = ?')
  const deviceOf = db.prepare('SELECT id FROM device WHERE key = ?')
  const nameOf = (by: CountSlice['by'], key: number): string =>
    by === 'kind' ? kindOfCode(key) : ((by === 'site' ? siteOf : deviceOf).get(key) as { id: string }).id

  return (query: CountSlice): Counted => {
    const start = Math.min(query.before, (lastEntry.get() as { seq: number }).seq + 1)
    const end = Math.max(0, start - query.window)
    const { where, values } = whereOf(query, { start, end })
    const found = db
      .prepare(
        `SELECT (at_ms - CAST(? AS INTEGER)) / CAST(? AS INTEGER) AS bucket, ${query.by} AS key, count(*) AS count
         FROM entry WHERE ${where} GROUP BY 1, 2`,
      )
      .all(query.fromMs, query.bucketMs, ...values) as { bucket: number; key: number; count: number }[]
    return {
      counts: found.map(({ bucket, key, count }) => [bucket, nameOf(query.by, key), count]),
      next: end <= 1 || allBefore(end, query.fromMs) ? null : end,
      receivedAt: (oldest.get(end) as { at: number } | undefined)?.at ?? query.fromMs,
    }
  }
}
