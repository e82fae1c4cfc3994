import type { DatabaseSync } from 'node:sqlite'
import type { DeliveryView } from '../../schemas/api.ts'
import type { DueDelivery, FailedAttempt, Settled } from '../alarms/delivery.ts'
import type { Message } from '../alarms/message.ts'
import { iso } from '../clock.ts'

const dueColumns = `d.id, d.message AS messageId, m.type, d.endpoint, d.subject, d.attempts, d.refusals, m.body, d.created_ms AS createdAt`

/** Messages of one subject go to one endpoint in their order: the next one waits until the one before is through. */
const firstInLine = `NOT EXISTS (SELECT 1 FROM delivery p WHERE p.endpoint = d.endpoint AND p.subject = d.subject
  AND p.state = 'pending' AND p.id < d.id)`

export function deliveryProcedures(db: DatabaseSync) {
  const insertMessage = db.prepare('INSERT INTO message (id, type, subject, created_ms, body) VALUES (?, ?, ?, ?, ?)')
  const insertDelivery = db.prepare(
    `INSERT INTO delivery (message, endpoint, subject, state, attempts, refusals, due_ms, created_ms)
     VALUES (?1, ?2, ?3, 'pending', 0, 0, ?4, ?5)`,
  )
  const fresh = db.prepare(
    `SELECT ${dueColumns} FROM delivery d JOIN message m ON m.id = d.message WHERE d.message = ? AND d.due_ms <= d.created_ms AND ${firstInLine}`,
  )
  // Never tried, and not next in line: nobody has been told of them, and no attempt is under way.
  const untold = db.prepare(
    `SELECT d.id, d.message, d.due_ms AS due FROM delivery d JOIN message m ON m.id = d.message
     WHERE d.endpoint = ?1 AND d.subject = ?2 AND d.state = 'pending' AND m.type = ?3 AND d.attempts = 0
       AND (d.due_ms > ?4 OR NOT ${firstInLine})`,
  )
  type Untold = { id: number; message: string; due: number }
  const deleteOne = db.prepare('DELETE FROM delivery WHERE id = ?')
  const deleteUnused = db.prepare(
    'DELETE FROM message WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM delivery WHERE message = ?1)',
  )
  const setDelivered = db.prepare(
    `UPDATE delivery SET state = 'delivered', attempts = ?, delivered_ms = ?, last_status = ?, last_error = NULL WHERE id = ? AND state = 'pending'`,
  )
  const setFailed = db.prepare(
    `UPDATE delivery SET attempts = ?, refusals = ?, due_ms = ?, last_status = ?, last_error = ? WHERE id = ? AND state = 'pending'`,
  )
  const setCancelled = db.prepare("UPDATE delivery SET state = 'cancelled' WHERE subject = ? AND state = 'pending'")
  const moveDue = db.prepare("UPDATE delivery SET due_ms = due_ms + ? WHERE state = 'pending'")
  const setDue = db.prepare("UPDATE delivery SET due_ms = ? WHERE id = ? AND state = 'pending'")
  const setAllDue = db.prepare(
    "UPDATE delivery SET due_ms = ?1, refusals = 0 WHERE endpoint = ?2 AND state = 'pending' AND (due_ms > ?1 OR refusals > 0)",
  )
  const one = db.prepare('SELECT d.*, m.type FROM delivery d JOIN message m ON m.id = d.message WHERE d.id = ?')
  const forget = db.prepare(
    `DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE state <> 'pending' AND created_ms < ? ORDER BY id LIMIT ?)`,
  )
  const forgetMessages = db.prepare(
    `DELETE FROM message WHERE id IN (SELECT m.id FROM message m
     WHERE m.created_ms < ? AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message = m.id) ORDER BY m.created_ms LIMIT ?)`,
  )

  /** One that gathers takes the place of those that wait, and their time: a flood of presses must not put it off for ever. */
  function dueOf({ type, subject, createdAt, gatherMs }: Message, endpoint: string): number {
    if (gatherMs === undefined) return createdAt
    let dueAt = createdAt + gatherMs
    for (const { id, message, due } of untold.all(endpoint, subject, type, createdAt) as Untold[]) {
      dueAt = Math.min(dueAt, due)
      deleteOne.run(id)
      deleteUnused.run(message)
    }
    return dueAt
  }

  return {
    /** One row per endpoint, due at once. Returns those that nothing stands before. */
    create(message: Message): DueDelivery[] {
      // An acknowledgement by the only endpoint there is: nobody else to tell, and nothing that retention would find.
      if (message.endpoints.length === 0) return []
      insertMessage.run(message.id, message.type, message.subject, message.createdAt, message.body)
      for (const endpoint of message.endpoints)
        insertDelivery.run(message.id, endpoint, message.subject, dueOf(message, endpoint), message.createdAt)
      return fresh.all(message.id) as unknown as DueDelivery[]
    },
    /** The clock was set by so much. */
    clockMoved(byMs: number): void {
      moveDue.run(byMs)
    },
    delivered(settled: Settled): void {
      setDelivered.run(settled.attempts, settled.at, settled.status, settled.deliveryId)
    },
    /** What of a subject still waits is not tried again. */
    cancel(subject: string): void {
      setCancelled.run(subject)
    },
    /** What waits for an endpoint that left the registry is not waited for any more. Returns how many. */
    cancelUnknown(known: string[]): number {
      const unknown = db.prepare(
        `UPDATE delivery SET state = 'cancelled' WHERE state = 'pending' AND endpoint NOT IN (${known.map(() => '?').join(', ')})`,
      )
      return Number(unknown.run(...known).changes)
    },
    failed(attempt: FailedAttempt): void {
      setFailed.run(
        attempt.attempts,
        attempt.refusals,
        attempt.dueAt,
        attempt.status,
        attempt.error,
        attempt.deliveryId,
      )
    },
    /** What waits for these endpoints is due now, as if it had never failed: they were changed, so that it may work. */
    hasten({ endpoints, now }: { endpoints: readonly string[]; now: number }): void {
      for (const endpoint of endpoints) setAllDue.run(now, endpoint)
    },
    /** A person wants it tried now. `done: false`: it isn't pending. undefined: there is none of this id. */
    retry({ id, now }: { id: number; now: number }): { done: boolean; delivery: DeliveryView } | undefined {
      const done = setDue.run(now, id).changes === 1
      const row = one.get(id)
      return row && { done, delivery: toView(row) }
    },
    /**
     * Deletes finished deliveries older than `before`, and messages that no delivery points to (one that had no endpoint
     * never had any): at most `limit` of each. Returns how many went; `limit` or more means that there may be more.
     */
    retain({ before, limit }: { before: number; limit: number }): number {
      const deliveries = forget.run(before, limit).changes
      return Number(deliveries) + Number(forgetMessages.run(before, limit).changes)
    },
  }
}

export function deliveryReader(db: DatabaseSync) {
  // Looks at the head of each line only, by jumps over an index: while an endpoint is dead a flapping contact's line grows
  // without end, and each question would read all of it. First attempts before repeats: a new alarm isn't held up by old
  // ones that an endpoint keeps refusing.
  const ofLine = `FROM delivery WHERE endpoint = ?1 AND state = 'pending' AND subject`
  const due = db.prepare(
    `WITH RECURSIVE line (subject) AS (
       SELECT (SELECT min(subject) ${ofLine} >= '')
       UNION ALL
       SELECT (SELECT min(subject) ${ofLine} > line.subject) FROM line WHERE line.subject IS NOT NULL
     )
     SELECT ${dueColumns} FROM line
     CROSS JOIN delivery d ON d.id = (SELECT min(id) ${ofLine} = line.subject)
     JOIN message m ON m.id = d.message
     WHERE d.due_ms <= ?2 OR d.due_ms > ?4 ORDER BY d.attempts > 0, d.due_ms LIMIT ?3`,
  )
  // The index is named since SQLite, which knows no counts, would take the one on the state and sort all that is pending.
  const nextDue = db.prepare(
    "SELECT min(due_ms) AS due FROM delivery INDEXED BY delivery_due WHERE state = 'pending' AND due_ms > ?",
  )
  const counts = db.prepare('SELECT state, count(*) AS count FROM delivery GROUP BY state')
  const waiting = db.prepare(
    `SELECT endpoint, count(*) AS deliveries, min(created_ms) AS oldestAt FROM delivery WHERE state = 'pending' GROUP BY endpoint`,
  )
  return {
    /** What is due at `now`; so is what would be due after `latest` only: it was planned on a clock that was set back since. */
    due(query: { endpoints: string[]; now: number; latest: number; limit: number }): {
      due: DueDelivery[]
      nextAt: number | null
    } {
      return {
        due: query.endpoints.flatMap(
          endpoint => due.all(endpoint, query.now, query.limit, query.latest) as unknown as DueDelivery[],
        ),
        nextAt: (nextDue.get(query.now) as { due: number | null }).due,
      }
    },

    /** Newest first. */
    deliveries(query: { state?: DeliveryView['state'] | undefined; limit: number; before: number }): {
      items: DeliveryView[]
      next: number | null
    } {
      const found = db
        .prepare(
          `SELECT d.*, m.type FROM delivery d JOIN message m ON m.id = d.message
           WHERE d.id < ?1 ${query.state === undefined ? 'AND ?2 IS NULL' : 'AND d.state = ?2'} ORDER BY d.id DESC LIMIT ?3`,
        )
        .all(query.before, query.state ?? null, query.limit)
      return {
        items: found.map(toView),
        next: found.length === query.limit ? ((found.at(-1) as { id: number }).id ?? null) : null,
      }
    },

    /** What each endpoint has not taken yet, and how old the oldest of it is; nothing of one that has taken all. */
    waiting: (now: number): { endpoint: string; deliveries: number; seconds: number }[] =>
      (waiting.all() as { endpoint: string; deliveries: number; oldestAt: number }[]).map(
        ({ endpoint, deliveries, oldestAt }) => ({ endpoint, deliveries, seconds: Math.max(0, now - oldestAt) / 1000 }),
      ),

    deliveryCounts(): { pending: number; delivered: number; cancelled: number } {
      const found = Object.fromEntries(
        (counts.all() as { state: string; count: number }[]).map(({ state, count }) => [state, count]),
      )
      return { pending: found.pending ?? 0, delivered: found.delivered ?? 0, cancelled: found.cancelled ?? 0 }
    },
  }
}

function toView(row: Record<string, unknown>): DeliveryView {
  const time = (ms: unknown) => (typeof ms === 'number' ? iso(ms) : null)
  return {
    id: row.id as number,
    messageId: row.message as string,
    type: row.type as string,
    subject: row.subject as string,
    endpoint: row.endpoint as string,
    state: row.state as DeliveryView['state'],
    attempts: row.attempts as number,
    createdAt: iso(row.created_ms as number),
    nextAttemptAt: row.state === 'pending' ? time(row.due_ms) : null,
    deliveredAt: time(row.delivered_ms),
    lastStatus: row.last_status as number | null,
    lastError: row.last_error as string | null,
  }
}
