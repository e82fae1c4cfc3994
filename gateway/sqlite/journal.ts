import type { DatabaseSync } from 'node:sqlite'
import type { SiteKind } from '../../schemas/registry.ts'
import { elapsedSince, monotonicMs } from '../clock.ts'
import type { Progress } from '../journal/journal.ts'
import type { AppendBatch, AppendResult, Origin } from './append-batch.ts'
import { createEntryCrc } from './entry-crc.ts'
import { knownIds } from './known-ids.ts'
import { rejectionKeeper } from './rejections.ts'
import { responsesConsumer } from './responses.ts'

/** Among a batch's kinds. */
const REJECTION = 0
const STORED = 0
const DUPLICATE = 1
const REJECTED = 2

/**
 * What the storage thread does to the journal. Each procedure runs inside a transaction that its caller opened; `reset`
 * forgets what was kept in memory, for after a rollback.
 */
export function journalProcedures(db: DatabaseSync, idsMovedAtOnce?: number) {
  const insertEntry = db.prepare(
    'INSERT INTO entry (seq, received_ms, at_ms, skew_ms, site, device, kind, id, payload, crc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const saveCounters = db.prepare(
    'UPDATE counter SET last_seq = ?, received = ?, accepted = ?, duplicate = ?, rejected = ?',
  )
  const loadCounters = db.prepare('SELECT last_seq AS lastSeq, received, accepted, duplicate, rejected FROM counter')
  const advanceConsumer = db.prepare(
    `INSERT INTO consumer (name, cursor, passed, quarantined) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE
     SET cursor = ?2, passed = passed + ?3, quarantined = quarantined + ?4 WHERE ?2 > cursor`,
  )
  const insertQuarantined = db.prepare('INSERT OR IGNORE INTO quarantine (consumer, seq, reason) VALUES (?, ?, ?)')

  const isEnrolled = db.prepare('SELECT 1 FROM consumer WHERE name = ?')
  const enrollConsumer = db.prepare(
    `INSERT INTO consumer (name, cursor, passed, quarantined)
     SELECT ?, 0, accepted - (SELECT count(*) FROM entry), 0 FROM counter`,
  )
  // Not the one that counts closed alarms instead of entries: retention would move it past what it hasn't seen.
  const consumers = db.prepare(`SELECT name, cursor FROM consumer WHERE name <> '${responsesConsumer}'`)
  const firstEntries = db.prepare(
    'SELECT seq, received_ms AS receivedAt FROM entry WHERE seq <= ? ORDER BY seq LIMIT ?',
  )
  const deleteEntries = db.prepare('DELETE FROM entry WHERE seq <= ?')
  const deleteQuarantined = db.prepare(`DELETE FROM quarantine WHERE seq <= ? AND consumer <> '${responsesConsumer}'`)
  const deleteRejections = db.prepare(
    'DELETE FROM rejection WHERE seq IN (SELECT seq FROM (SELECT seq, received_ms FROM rejection ORDER BY seq LIMIT ?2) WHERE received_ms < ?1)',
  )

  const crcOf = createEntryCrc()
  const known = knownIds(db, idsMovedAtOnce)
  const rejections = rejectionKeeper(db)
  let counters = loadCounters.get() as Counters
  let deviceKeys = new Map<string, number>()
  let siteKeys = new Map<string, number>()
  const deviceKey = (id: string) => keyOf(deviceKeys, id, () => deviceRow(db, id))
  const siteKey = (id: string, kind: SiteKind) => keyOf(siteKeys, `${kind} ${id}`, () => siteRow(db, id, kind))

  function append(batch: AppendBatch): AppendResult {
    const startedMs = monotonicMs()
    const { count } = batch
    const sites = batch.devices.map(({ site, siteKind }) => siteKey(site, siteKind))
    const devices = batch.devices.map(({ device }) => deviceKey(device))
    const seqs = new Float64Array(count)
    const results = new Uint8Array(count)
    let start = 0
    let rejection = 0
    let kept = 0
    for (let index = 0; index < count; index++) {
      const end = batch.payloadEnds[index] as number
      const payload = batch.payloads.subarray(start, end)
      start = end
      const place = batch.device[index] as number
      const kind = batch.kinds[index] as number
      const receivedAt = batch.receivedAt[index] as number
      const seq = counters.lastSeq + 1
      seqs[index] = seq
      if (kind === REJECTION) {
        const { device, site } = batch.devices[place] as Origin
        const topic = batch.rejected[rejection++] as string
        const reason = batch.rejected[rejection++] as string
        if (rejections.keep({ seq, receivedAt, site, device, topic, reason, payload })) kept++
        counters.lastSeq = seq
        counters.rejected++
        results[index] = REJECTED
        continue
      }
      const key = devices[place] as number
      const id = batch.ids[index] ?? null
      const skew = batch.skewMs[index] as number
      const skewMs = Number.isNaN(skew) ? null : skew
      const first = id === null ? undefined : known.seqOf(key, id)
      if (first !== undefined) {
        seqs[index] = first
        counters.duplicate++
        results[index] = DUPLICATE
        continue
      }
      const at = batch.at[index] as number
      const site = sites[place] as number
      const crc = crcOf({ seq, receivedAt, at, skewMs, site, device: key, kind, id, payload })
      insertEntry.run(seq, receivedAt, at, skewMs, site, key, kind, id, payload, crc)
      if (id !== null) known.add(key, id, seq)
      counters.lastSeq = seq
      counters.accepted++
      results[index] = STORED
    }
    if (kept > 0) rejections.trim()
    // Faster than they come, so that a sweep ends.
    known.move(2 * count + 16, counters.lastSeq, batch.isUrgent)
    counters.received += count
    saveCounters.run(counters.lastSeq, counters.received, counters.accepted, counters.duplicate, counters.rejected)
    return { seqs, results, workMs: elapsedSince(startedMs) }
  }

  /** A cursor never moves back, and progress that was made already counts once. */
  function advance({ consumer, progress }: { consumer: string; progress: Progress }): void {
    const { upTo, passed, quarantined } = progress
    if (advanceConsumer.run(consumer, upTo, passed, quarantined.length).changes === 0) return
    for (const { seq, reason } of quarantined) insertQuarantined.run(consumer, seq, reason)
  }

  /** Entries that retention took before this consumer was ever enabled count as passed: it will never see them. */
  function enroll(consumer: string): void {
    // Asked first: counting a million entries takes longer than the rest of a start.
    if (isEnrolled.get(consumer) === undefined) enrollConsumer.run(consumer)
  }

  /**
   * Deletes at most `limit` entries and rejections that came before `before` and that every enabled consumer has passed
   * (design decision 11). Returns how many went; as many as `limit` means that there may be more.
   */
  function retain({ before, enabled, limit }: { before: number; enabled: string[]; limit: number }): number {
    const enrolled = consumers.all() as { name: string; cursor: number }[]
    const cursors = enabled.map(name => enrolled.find(consumer => consumer.name === name)?.cursor ?? 0)
    const upTo = Math.min(Number.MAX_SAFE_INTEGER, ...cursors)
    // Numbers and receive times go up together, so the oldest stand at the front and no index on the time is needed. Where
    // the clock was set back they don't: an old entry behind a young one stays until that is old too.
    const first = firstEntries.all(upTo, limit) as { seq: number; receivedAt: number }[]
    const young = first.findIndex(({ receivedAt }) => receivedAt >= before)
    const gone = young < 0 ? first : first.slice(0, young)
    const last = gone.at(-1)?.seq
    if (last !== undefined) {
      for (const { name, cursor } of enrolled) {
        const unseen = gone.filter(({ seq }) => seq > cursor).length
        if (unseen > 0) advanceConsumer.run(name, last, unseen, 0)
      }
      known.forget(last)
      deleteEntries.run(last)
      deleteQuarantined.run(last)
    }
    return gone.length + Number(deleteRejections.run(before, limit).changes)
  }

  function reset(): void {
    counters = loadCounters.get() as Counters
    deviceKeys = new Map()
    siteKeys = new Map()
    known.reset()
  }

  return { append, advance, enroll, retain, reset }
}

type Counters = { lastSeq: number; received: number; accepted: number; duplicate: number; rejected: number }

/** Bounded by the registry: only known devices come this far. */
function keyOf(keys: Map<string, number>, name: string, find: () => number): number {
  const known = keys.get(name)
  if (known !== undefined) return known
  const key = find()
  keys.set(name, key)
  return key
}

function deviceRow(db: DatabaseSync, id: string): number {
  db.prepare('INSERT OR IGNORE INTO device (id) VALUES (?)').run(id)
  return (db.prepare('SELECT key FROM device WHERE id = ?').get(id) as { key: number }).key
}

function siteRow(db: DatabaseSync, id: string, kind: SiteKind): number {
  db.prepare('INSERT OR IGNORE INTO site (id, kind) VALUES (?, ?)').run(id, kind)
  return (db.prepare('SELECT key FROM site WHERE id = ? AND kind = ?').get(id, kind) as { key: number }).key
}
