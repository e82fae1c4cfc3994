import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createEntryCrc } from '../../gateway/sqlite/entry-crc.ts'
import { codeOfKind } from '../../gateway/sqlite/kinds.ts'
import { openWriter } from '../../gateway/sqlite/open.ts'
import { benchDevice, loadDevices } from './stand.ts'

/**
 * A journal as if so many events had come, written past the gateway: ten million of them in a minute or two. The rows are
 * those that sqlite/journal.ts would have written, check sums and known ids included.
 */
export type Seeded = { index: number; site: string; device: string; at: number; id: string; payload: string }

/** 50 devices in turn, each with ids that count up. */
export function seededEvent(index: number, at: number): Seeded {
  const id = seededId(index)
  const payload = `{"id":"${id}","time":"${new Date(at).toISOString()}","seq":${index},"data":{"door":"东门","direction":"in","method":"card","result":"granted","person":{"ref":"r-${index % 500}","role":"resident"}}}`
  return { index, ...benchDevice(index % loadDevices), at, id, payload }
}
const seededId = (index: number): string => `seed-${String(index).padStart(9, '0')}`
/** They came in the last minutes, a hundred in each millisecond. */
export const seededAt = (index: number, count: number, now: number): number => now - Math.floor((count - index) / 100)

const perTransaction = 100_000

/** `passed`: the consumers that have done all of it already; the others begin at the first entry. */
export function seedJournal(dataDir: string, count: number, passed: readonly string[]): void {
  mkdirSync(dataDir, { recursive: true })
  const db = openWriter(join(dataDir, 'journal.sqlite'))
  // Nothing here has to outlive a crash.
  db.exec('PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 20000')
  const insertDevice = db.prepare('INSERT INTO device (key, id) VALUES (?, ?)')
  for (let key = 1; key <= loadDevices; key++) insertDevice.run(key, benchDevice(key - 1).device)
  db.exec("INSERT INTO site (key, id, kind) VALUES (1, 'bench', 'school')")
  const insertEntry = db.prepare(
    'INSERT INTO entry (seq, received_ms, at_ms, skew_ms, site, device, kind, id, payload, crc) VALUES (?, ?, ?, NULL, 1, ?, ?, ?, ?, ?)',
  )
  const crcOf = createEntryCrc()
  const kind = codeOfKind('access')
  const now = Date.now()
  for (let from = 0; from < count; from += perTransaction) {
    db.exec('BEGIN')
    for (let index = from; index < Math.min(count, from + perTransaction); index++) {
      const at = seededAt(index, count, now)
      const { id, payload } = seededEvent(index, at)
      const seq = index + 1
      const device = (index % loadDevices) + 1
      const bytes = Buffer.from(payload)
      const crc = crcOf({ seq, receivedAt: at, at, skewMs: null, site: 1, device, kind, id, payload: bytes })
      insertEntry.run(seq, at, at, device, kind, id, bytes, crc)
    }
    db.exec('COMMIT')
  }
  // Device by device, in the order of the table's key: nothing has to be sorted, and no page is written twice.
  const insertKnown = db.prepare('INSERT INTO known_id (device, id, seq) VALUES (?, ?, ?)')
  for (let key = 1; key <= loadDevices; key++) {
    db.exec('BEGIN')
    for (let index = key - 1; index < count; index += loadDevices) insertKnown.run(key, seededId(index), index + 1)
    db.exec('COMMIT')
  }
  db.exec('BEGIN')
  db.prepare('UPDATE counter SET last_seq = ?1, received = ?1, accepted = ?1, known_upto = ?1').run(count)
  for (const consumer of passed)
    db.prepare('INSERT INTO consumer (name, cursor, passed, quarantined) VALUES (?1, ?2, ?2, 0)').run(consumer, count)
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}
