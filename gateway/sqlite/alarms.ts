import type { DatabaseSync } from 'node:sqlite'
import type { Alarm, Stage } from '../../schemas/alarm.ts'
import type { DeskChange } from '../alarms/desk-store.ts'
import type { AuditLine } from '../audit/line.ts'
import type { Progress } from '../journal/journal.ts'
import type { deliveryProcedures } from './deliveries.ts'

/** An Idempotency-Key is known for a day. */
const receiptsKeptMs = 24 * 60 * 60_000

/** Named procedures of the desk. `commit` is one transaction with everything a turn of the desk decided. */
export function alarmProcedures(
  db: DatabaseSync,
  deliveries: ReturnType<typeof deliveryProcedures>,
  advance: (move: { consumer: string; progress: Progress }) => void,
  audit: (lines: readonly AuditLine[]) => void,
  clockMoved: (byMs: number) => void,
) {
  const insert = db.prepare(
    'INSERT INTO alarm (id, site, device, trigger, mode, received_ms, stage, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const update = db.prepare('UPDATE alarm SET stage = ?, body = ? WHERE id = ?')
  const addLine = db.prepare(
    'INSERT INTO history (alarm, n, line) SELECT ?1, coalesce(max(n), 0) + 1, ?2 FROM history WHERE alarm = ?1',
  )
  const addResponse = db.prepare(
    `INSERT INTO response (alarm, site, site_kind, device, mode, response_minutes, received_ms, closed_ms, legs)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const addReceipt = db.prepare(
    'INSERT OR IGNORE INTO receipt (caller, key, request, at_ms, answer) VALUES (?, ?, ?, ?, ?)',
  )
  const forgetReceipts = db.prepare('DELETE FROM receipt WHERE at_ms < ?')
  return {
    commit(change: DeskChange) {
      // What closes goes first: its device's next alarm may be opened in the same turn, and two must never be open.
      for (const alarm of change.alarms) update.run(alarm.stage, JSON.stringify(alarm), alarm.id)
      for (const alarm of change.openings)
        insert.run(
          alarm.id,
          alarm.site.id,
          alarm.device.id,
          alarm.trigger,
          alarm.mode,
          Date.parse(alarm.receivedAt),
          alarm.stage,
          JSON.stringify(alarm),
        )
      for (const { alarm, line } of change.lines) addLine.run(alarm, JSON.stringify(line))
      for (const settled of change.settled) deliveries.delivered(settled)
      for (const { alarm, legs } of change.responses) {
        const { id, site, device, mode, receivedAt } = alarm
        const closedAt = Date.parse(receivedAt) + (legs.closeMs ?? 0)
        addResponse.run(
          id,
          site.id,
          site.kind,
          device.id,
          mode,
          site.responseMinutes,
          Date.parse(receivedAt),
          closedAt,
          JSON.stringify(legs),
        )
        // Contract 5: tried until delivered or the alarm is closed. Of a closed one only the closing is still told.
        deliveries.cancel(id)
      }
      for (const { caller, key, request, at, answer } of change.receipts) {
        forgetReceipts.run(at - receiptsKeptMs)
        addReceipt.run(caller, key, request, at, answer)
      }
      audit(change.audit)
      const due = change.messages.flatMap(message => deliveries.create(message))
      if (change.clockMovedMs !== undefined) clockMoved(change.clockMovedMs)
      if (change.progress !== null) advance({ consumer: 'alarms', progress: change.progress })
      return due
    },
  }
}

export function alarmReader(db: DatabaseSync) {
  const open = db.prepare("SELECT body FROM alarm WHERE stage <> 'closed' ORDER BY n")
  const one = db.prepare('SELECT body FROM alarm WHERE id = ?')
  const lines = db.prepare('SELECT line FROM history WHERE alarm = ? ORDER BY n LIMIT 1000')
  const counts = db.prepare("SELECT count(*) AS total, coalesce(sum(stage = 'closed'), 0) AS closed FROM alarm")
  const openBySite = db.prepare("SELECT site, count(*) AS count FROM alarm WHERE stage <> 'closed' GROUP BY site")
  const parse = (row: unknown) => JSON.parse((row as { body: string }).body) as Alarm

  return {
    openAlarms: (): Alarm[] => open.all().map(parse),

    /** With its whole history, up to 1,000 lines. */
    alarm(id: string): Alarm | undefined {
      const row = one.get(id)
      if (row === undefined) return undefined
      const history = lines.all(id).map(line => JSON.parse((line as { line: string }).line) as Alarm['history'][number])
      return { ...parse(row), history }
    },

    /** Newest first. */
    alarms(query: { stage?: Stage | undefined; site?: string | undefined; limit: number; before: number }): {
      items: Alarm[]
      next: number | null
    } {
      const where = ['n < ?']
      const values: (string | number)[] = [query.before]
      if (query.stage !== undefined) {
        where.push('stage = ?')
        values.push(query.stage)
      }
      if (query.site !== undefined) {
        where.push('site = ?')
        values.push(query.site)
      }
      const found = db
        .prepare(`SELECT n, body FROM alarm WHERE ${where.join(' AND ')} ORDER BY n DESC LIMIT ?`)
        .all(...values, query.limit) as { n: number; body: string }[]
      return { items: found.map(parse), next: found.length === query.limit ? (found.at(-1)?.n ?? null) : null }
    },

    alarmCounts(): { open: number; closed: number } {
      const { total, closed } = counts.get() as { total: number; closed: number }
      return { open: total - closed, closed }
    },

    openAlarmsBySite: (): Record<string, number> =>
      Object.fromEntries(
        (openBySite.all() as { site: string; count: number }[]).map(({ site, count }) => [site, count]),
      ),
  }
}
