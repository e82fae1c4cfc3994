import type { DatabaseSync } from 'node:sqlite'
import type { Window } from '../devices/maintenance.ts'

/** Maintenance windows on disk. Those that ended long ago go when a new one comes. */
const keptMs = 30 * 24 * 60 * 60_000

export function maintenanceProcedures(db: DatabaseSync) {
  const insert = db.prepare(
    'INSERT INTO maintenance (id, site, device, from_ms, until_ms, by, note) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const end = db.prepare('UPDATE maintenance SET until_ms = ?2 WHERE id = ?1 AND until_ms > ?2')
  const move = db.prepare('UPDATE maintenance SET from_ms = from_ms + ?1, until_ms = until_ms + ?1')
  const forget = db.prepare('DELETE FROM maintenance WHERE until_ms < ?')
  return {
    begin({ id, site, device, fromMs, untilMs, by, note }: Window): void {
      forget.run(fromMs - keptMs)
      insert.run(id, site, device, fromMs, untilMs, by, note)
    },
    /** The clock was set by so much: one lasts as long as it was meant to. */
    clockMoved(byMs: number): void {
      move.run(byMs)
    },
    /** Whether there was one to end. */
    end: ({ id, now }: { id: string; now: number }): boolean => end.run(id, now).changes === 1,
  }
}

export function maintenanceReader(db: DatabaseSync) {
  const open = db.prepare(
    'SELECT id, site, device, from_ms AS fromMs, until_ms AS untilMs, by, note FROM maintenance WHERE until_ms > ? ORDER BY from_ms',
  )
  return (now: number): Window[] => open.all(now) as unknown as Window[]
}
