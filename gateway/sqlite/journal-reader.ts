import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { SiteKind } from '../../schemas/registry.ts'
import type { Entry } from '../journal/journal.ts'
import { createEntryCrc } from './entry-crc.ts'
import { type EventFilter, whereOf } from './event-filter.ts'
import { kindOfCode } from './kinds.ts'

const columns = 'seq, received_ms, at_ms, skew_ms, site, device, kind, id, CAST(payload AS TEXT), crc'
const rowsPerRead = 500
const maxBatchCharacters = 8_000_000
type Row = [number, number, number, number | null, number, number, number, string | null, string, number | null]

/** How the journal is read: by any thread, over a connection that can only read. Nothing is seen before it is on disk. */
export function journalReader(db: DatabaseSync) {
  const after = rows(db, `SELECT ${columns} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?`)
  const alarmsAfter = rows(
    db,
    `SELECT ${columns} FROM entry WHERE kind = 4 AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
  )
  const lastEntry = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM entry')
  const countBetween = db.prepare('SELECT count(*) AS count FROM entry WHERE seq > ? AND seq <= ?')
  const cursorOf = db.prepare('SELECT cursor FROM consumer WHERE name = ?')
  const names = namesOf(db)

  const crcOf = createEntryCrc()
  function toEntry(row: Row): Entry {
    const [seq, receivedAt, at, skewMs, site, device, kind, id, payload, crc] = row
    if (crc !== null && crc !== crcOf({ seq, receivedAt, at, skewMs, site, device, kind, id, payload }))
      return damagedEntry(seq)
    return {
      seq,
      receivedAt,
      at,
      skewMs,
      site: names.site(site).id,
      siteKind: names.site(site).kind,
      device: names.device(device),
      kind: kindOfCode(kind),
      id,
      payload,
    }
  }

  return {
    cursor: (consumer: string): number => (cursorOf.get(consumer) as { cursor: number } | undefined)?.cursor ?? 0,

    /** Ends before `limit` once the payloads are large: a batch of 64 KiB payloads must not fill the memory. */
    read(afterSeq: number, limit: number): Entry[] {
      const entries: Entry[] = []
      let characters = 0
      while (entries.length < limit && characters < maxBatchCharacters) {
        const wanted = Math.min(rowsPerRead, limit - entries.length)
        const found = after.all(entries.at(-1)?.seq ?? afterSeq, wanted) as unknown as Row[]
        for (const row of found) {
          entries.push(toEntry(row))
          characters += row[8].length
        }
        if (found.length < wanted) break
      }
      return entries
    },

    /** The next alarm events; `passed` of the accepted entries lie in (afterSeq, upTo], `window` at the most. */
    readAlarms(afterSeq: number, limit: number, window: number): { entries: Entry[]; upTo: number; passed: number } {
      const last = (lastEntry.get() as { seq: number }).seq
      const bound = Math.min(last, afterSeq + window)
      const entries = (alarmsAfter.all(afterSeq, bound, limit) as unknown as Row[]).map(toEntry)
      const upTo = entries.length === limit ? (entries.at(-1) as Entry).seq : Math.max(bound, afterSeq)
      return { entries, upTo, passed: (countBetween.get(afterSeq, upTo) as { count: number }).count }
    },

    /**
     * One slice of the events that match, newest first: looks at no more than `window` entries below `before`, so that one
     * question about a large journal can't hold up the next. `next` is where to go on, null at the end.
     */
    events(query: EventsSlice): { entries: Entry[]; next: number | null } {
      const start = Math.min(query.before, (lastEntry.get() as { seq: number }).seq + 1)
      const end = Math.max(0, start - query.window)
      const { where, values } = whereOf(query, { start, end })
      const statement = rows(db, `SELECT ${columns} FROM entry WHERE ${where} ORDER BY seq DESC LIMIT ?`)
      const found = statement.all(...values, query.limit) as unknown as Row[]
      // A list shows what devices said; of a damaged entry nobody knows that.
      const entries = found.map(toEntry).filter(({ damaged }) => damaged !== true)
      if (found.length === query.limit) return { entries, next: (found.at(-1) as Row)[0] }
      return { entries, next: end <= 1 || this.allBefore(end, query.fromMs) ? null : end }
    },

    /** An event counts under a time at most 5 minutes after it was received, so what came earlier can't match `fromMs`. */
    allBefore(seq: number, fromMs: number | undefined): boolean {
      const row = db.prepare('SELECT received_ms FROM entry WHERE seq < ? ORDER BY seq DESC LIMIT 1').get(seq)
      return row === undefined || (fromMs !== undefined && (row.received_ms as number) < fromMs - 5 * 60_000)
    },
  }
}

/** In the place of one whose check sum is wrong: its number is all that may be believed. */
const damagedEntry = (seq: number): Entry => ({
  seq,
  receivedAt: 0,
  at: 0,
  skewMs: null,
  site: '',
  siteKind: 'checkpoint',
  device: '',
  kind: 'status',
  id: null,
  payload: '{}',
  damaged: true,
})

export type EventsSlice = EventFilter & {
  before: number
  limit: number
  window: number
}

function rows(db: DatabaseSync, sql: string): StatementSync {
  const statement = db.prepare(sql)
  statement.setReturnArrays(true)
  return statement
}

/** Keys never change their meaning, so what was once looked up stays true. Bounded by the registry. */
function namesOf(db: DatabaseSync) {
  const sites = new Map<number, { id: string; kind: SiteKind }>()
  const devices = new Map<number, string>()
  const site = db.prepare('SELECT id, kind FROM site WHERE key = ?')
  const device = db.prepare('SELECT id FROM device WHERE key = ?')
  return {
    site(key: number): { id: string; kind: SiteKind } {
      const known = sites.get(key)
      if (known !== undefined) return known
      const found = site.get(key) as { id: string; kind: SiteKind }
      sites.set(key, found)
      return found
    },
    device(key: number): string {
      const known = devices.get(key)
      if (known !== undefined) return known
      const { id } = device.get(key) as { id: string }
      devices.set(key, id)
      return id
    },
  }
}
