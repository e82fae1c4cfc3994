import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Caller } from '../sqlite/database.ts'
import type { WriteProcedures } from '../sqlite/procedures.ts'

/** What is done to the disk beside the gateway's work: what nobody waits for goes, and what is old. */

/**
 * Deliveries to an endpoint that left the registry are cancelled. Without any endpoint nothing is: it is more likely that a
 * setting was forgotten than that nobody is to be told.
 */
export async function cancelUnknown(
  write: Caller<WriteProcedures>,
  targets: readonly { id: string }[],
  log: Log,
): Promise<void> {
  if (targets.length === 0) return
  const ids = targets.map(({ id }) => id)
  const cancelled = await write.call('cancelUnknown', ids)
  if (cancelled > 0) log.warn({ cancelled }, 'deliveries.cancelled: their endpoint is not in the registry any more')
}

const sweepMs = 60_000
const provedMs = 60 * 60_000
/** Deleted in one transaction: a commit that waits behind it waits some milliseconds. */
const slice = 2000

/** Each minute deletes what is older than the retention and was passed by each of `consumers` (design decision 11). */
export function startRetention(options: {
  write: Caller<WriteProcedures>
  clock: Clock
  log: Log
  retentionMs: number
  consumers: string[]
  /** How long nobody has set the clock. */
  steadyForMs: () => number
}): { stop(): void } {
  const { write, clock, log, retentionMs, consumers: enabled, steadyForMs } = options
  const sweep = async () => {
    // A clock that jumps a year ahead makes everything old: what is to be deleted waits until that time has proved itself.
    if (steadyForMs() < provedMs) return
    const before = clock() - retentionMs
    while ((await write.call('retainJournal', { before, enabled, limit: slice })) >= slice);
    while ((await write.call('retainDeliveries', { before, limit: slice })) >= slice);
  }
  const timer = setInterval(
    () => void sweep().catch(error => log.error({ err: messageOf(error) }, 'retention.failed')),
    sweepMs,
  )
  return { stop: () => clearInterval(timer) }
}
