import { payloadSchemas } from '../../schemas/events/kinds.ts'
import { parseTime } from '../../schemas/time.ts'
import { kindOfLeaf } from '../../schemas/topics.ts'
import type { Accepted } from '../journal/journal.ts'
import { plainlyGood } from './plainly-good.ts'
import { reasonOf } from './reason.ts'
import { parseStrictly } from './strict-json.ts'

/**
 * What `admit` makes of a payload: what the journal keeps beside it, or why it is refused. `id`: as far as it could be read.
 * `deviceSeq` and `buffered`: its own `seq`, where it says one; a refused event has come too, and its number is no gap.
 */
export type Verdict = Pick<Accepted, 'deviceSeq' | 'buffered'> &
  (Pick<Accepted, 'kind' | 'id' | 'at' | 'skewMs'> | { reason: string; id: string | null })

/** Contract 3: a time further ahead than this isn't believed. */
const maxAheadMs = 5 * 60_000

/**
 * Judges one publish on a device's own topic. Pure and total: whatever the bytes, it answers and never throws.
 * `leaf` is the topic behind the device's prefix.
 */
export function admit(leaf: string, payload: Buffer, receivedAt: number, retentionMs: number): Verdict {
  const kind = kindOfLeaf(leaf)
  if (kind === undefined)
    return {
      reason: 'no such topic; a device publishes on event/{access|face|vehicle|alarm|telemetry}, heartbeat and status',
      id: null,
    }
  const parsed = parseStrictly(payload)
  if ('reason' in parsed) return { reason: parsed.reason, id: null }
  const checked = plainlyGood(kind, parsed.value)
    ? { success: true as const, data: parsed.value }
    : payloadSchemas[kind].safeParse(parsed.value)
  if (!checked.success) {
    const { id, seq, buffered } = parsed.value
    const deviceSeq = Number.isSafeInteger(seq) && (seq as number) >= 0 ? (seq as number) : undefined
    return { reason: reasonOf(checked.error, parsed.value), id: readableId(id), deviceSeq, buffered: buffered === true }
  }
  const { id = null, time, seq, buffered } = checked.data as Partial<Record<'id' | 'time', string>> & Numbered
  return { kind, id, deviceSeq: seq, buffered, ...timeOf(time, receivedAt, retentionMs) }
}

type Numbered = { seq?: number; buffered?: boolean }

/** A clock that is wrong never costs an event: what isn't believed is kept as said, and counts under the gateway's time. */
function timeOf(
  said: string | undefined,
  receivedAt: number,
  retentionMs: number,
): { at: number; skewMs: number | null } {
  const at = said === undefined ? undefined : parseTime(said)
  if (at === undefined) return { at: receivedAt, skewMs: null }
  const skewMs = at - receivedAt
  return skewMs > maxAheadMs || skewMs < -retentionMs ? { at: receivedAt, skewMs } : { at, skewMs: null }
}

const readableId = (id: unknown): string | null =>
  typeof id === 'string' && /^[A-Za-z0-9._:-]{1,64}$/.test(id) ? id : null
