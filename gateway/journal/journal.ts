import type { Kind } from '../../schemas/events/kinds.ts'
import type { SiteKind } from '../../schemas/registry.ts'

/**
 * The durable log on the gateway's disk. Every accepted or rejected publish is one entry with a sequence number.
 *
 * Promises, kept by each store and shown by test/contract/journal-suite.ts:
 * - `done` runs once the entry is on disk (fsync), for each device in the order of its `append` calls. Only a refusal because
 *   of too much that waits comes at once.
 * - Numbers are given fairly: an alarm event before anything that still waits, also of its own device; everything else in
 *   each device's order, and no device waits for another's backlog.
 * - Numbers go up by one for each new entry. Once `read` returned an entry, no smaller number appears later.
 * - The same `(device, id)` again is a `duplicate`: nothing is written, the first entry's number comes back. It is known as
 *   long as the first entry is kept, so for the retention (contract 8) and longer while a consumer has not passed it.
 * - After an error nothing of that publish is on disk, and it was never told to be.
 */
export interface Journal {
  append(publish: Publish, done: (error: Error | null, outcome?: Outcome) => void): void
}

/** One publish as `admit` judged it. `payload` is the device's own bytes, kept as they came. */
export type Publish = Accepted | Rejected

type Came = {
  /** Milliseconds since 1970, gateway's clock. */
  receivedAt: number
  site: string
  siteKind: SiteKind
  device: string
  payload: Uint8Array
  /** What supervision wants to know of it, and nobody after it was stored: not kept beside the payload. */
  deviceSeq?: number | undefined
  buffered?: boolean | undefined
  /** The gateway published it for a device that is gone. */
  fromWill?: boolean | undefined
}
export type Accepted = Came & {
  kind: Kind
  /** null for heartbeat and status, which have none and are never duplicates. */
  id: string | null
  /** The time the event counts under, ms: the device's, or the gateway's where that is absent or not believed. */
  at: number
  /** The device's time − the gateway's, ms, where it was not believed (contract 3); else null. */
  skewMs: number | null
}
export type Rejected = Came & { topic: string; reason: string }

export type Outcome = { result: 'stored' | 'duplicate' | 'rejected'; seq: number }

/** An accepted entry as consumers read it. */
export type Entry = Omit<Accepted, 'payload' | 'deviceSeq' | 'buffered' | 'fromWill'> & {
  seq: number /** JSON, validated when it came. */
  payload: string
  /** Its check sum is wrong: the disk has changed it, and nothing of it but `seq` holds. Never passed on as truth. */
  damaged?: true
}

/** Why an entry that is `damaged` is quarantined. */
export const damagedReason = 'damaged: its check sum is wrong, the disk has changed it'

/** What a consumer reads one after the other: entries of the journal, or whatever else is numbered for ever. */
export type Numbered = { seq: number }

/** What one consumer sees: entries after its cursor in order, and a durable place for the cursor. */
export interface ConsumerSource<E extends Numbered = Entry> {
  /** Cursor at start: everything up to it is done or quarantined. */
  cursor(): Promise<number>
  /** At most `limit` accepted entries with `seq > after`, in order. Rejections and gaps are passed over. */
  read(after: number, limit: number): Promise<E[]>
  /** Moves the cursor to `progress.upTo`. Durable when the promise resolves; never moves back, and counts nothing twice. */
  commit(progress: Progress): Promise<void>
}

export type Progress = {
  upTo: number
  /** Entries passed since the last commit, quarantined ones included. */
  passed: number
  quarantined: Quarantined[]
}

/** An entry that a consumer could not take. It stays in the journal and is counted. */
export type Quarantined = { seq: number; reason: string }
