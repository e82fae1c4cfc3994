import type { Accepted, Entry } from '../journal/journal.ts'
import type { DeskChange } from './desk-store.ts'
import { textOf } from './recent.ts'

/**
 * An alarm and what the desk decides on it, on disk with one commit instead of two: the desk decides while the alarm event is on
 * its way to the disk, and the storage thread writes both in the order in which they were sent. There it turns out whether what
 * was decided holds: it does if exactly these events are new to the desk. Else nothing of it is written and the desk reads the
 * journal, as it does whenever it was busy as they came. An alarm's context is what was on disk as its event came: what is stored by
 * the commit under way isn't in it.
 */
export type Following = {
  change: DeskChange
  /** The desk's cursor. */
  after: number
  /** What it has decided on, in its order. */
  events: { device: string; id: string | null }[]
}
/** `null`: nothing was written. */
export type Followed<Due> = { due: Due[]; upTo: number; passed: number } | null

/** Decided and not on disk. `done` is called once, with what came of it. */
export type Decided<Due> = { following: Following; done: (followed: Followed<Due>) => void }

/** As the desk will read it, but for its number, which only the storage thread knows. */
export const expected = (publish: Accepted): Entry => ({
  seq: Number.MAX_SAFE_INTEGER,
  receivedAt: publish.receivedAt,
  at: publish.at,
  skewMs: publish.skewMs,
  site: publish.site,
  siteKind: publish.siteKind,
  device: publish.device,
  kind: publish.kind,
  id: publish.id,
  payload: textOf(publish.payload),
})
