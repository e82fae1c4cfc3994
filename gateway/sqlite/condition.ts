import type { DatabaseSync } from 'node:sqlite'
import type { Condition } from '../../schemas/condition.ts'
import type { WebhookMessage } from '../../schemas/webhook.ts'
import { iso } from '../clock.ts'

const maxPending = 10_000
const maxDelivered = 1000
const maxFaults = 20

type StoredCondition = {
  endpoints: Record<string, Omit<Condition['endpoints'][number], 'id' | 'level'>>
  faults: Condition['faults']
}

/** What the disk knows of how the gateway is. Looks at a bounded part of the deliveries, whatever waits. */
export function conditionReader(db: DatabaseSync) {
  // The index that holds what is pending in the order of its ids, so that a backlog isn't sorted.
  const pending = db.prepare(
    `SELECT endpoint, count(*) AS pending, min(created_ms) AS oldestAt, max(CASE WHEN last_error IS NULL THEN NULL ELSE id END) AS failed
     FROM (SELECT id, endpoint, created_ms, last_error FROM delivery INDEXED BY delivery_state WHERE state = 'pending' ORDER BY id LIMIT ${maxPending})
     GROUP BY endpoint`,
  )
  const errorOf = db.prepare('SELECT last_error AS error FROM delivery WHERE id = ?')
  const delivered = db.prepare(
    `SELECT endpoint, max(delivered_ms) AS at
     FROM (SELECT endpoint, delivered_ms FROM delivery WHERE state = 'delivered' ORDER BY id DESC LIMIT ${maxDelivered}) GROUP BY endpoint`,
  )
  // The condition as the index message_told has it (told.ts). They are few: each is told once in a while.
  const faults = db.prepare(
    `SELECT created_ms AS at, body FROM message
     WHERE type IN ('device.silent', 'device.recovered', 'gateway.fault') AND type = 'gateway.fault'
     ORDER BY created_ms DESC, rowid DESC LIMIT ${maxFaults}`,
  )

  return (): StoredCondition => {
    const endpoints: StoredCondition['endpoints'] = {}
    const nothing = { pending: 0, oldestPendingAt: null, lastError: null, lastDeliveredAt: null }
    for (const row of pending.all() as { endpoint: string; pending: number; oldestAt: number; failed: number | null }[])
      endpoints[row.endpoint] = {
        ...nothing,
        pending: row.pending,
        oldestPendingAt: iso(row.oldestAt),
        lastError: row.failed === null ? null : (errorOf.get(row.failed) as { error: string | null }).error,
      }
    for (const { endpoint, at } of delivered.all() as { endpoint: string; at: number }[])
      endpoints[endpoint] = { ...(endpoints[endpoint] ?? nothing), lastDeliveredAt: iso(at) }
    return {
      endpoints,
      faults: (faults.all() as { at: number; body: string }[]).flatMap(({ at, body }) => {
        const { fault } = (JSON.parse(body) as WebhookMessage).data
        return fault === undefined ? [] : [{ ...fault, at: iso(at) }]
      }),
    }
  }
}
