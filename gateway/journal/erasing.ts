import type { AuditLine, Details } from '../audit/line.ts'
import type { Clock } from '../clock.ts'
import { namedBy, type Subject } from './mention.ts'
import type { Masking } from './versions.ts'

/** Erases what the journal holds of one person or plate (PIPL), slice by slice, so that no publish waits for it. */

/** What a store gives for it. A slice is written in one transaction. */
export type EraseStore = {
  /** Of the entries in (after, after + slice]: what stands in the place of those that name the subject, and where to go on; null at the end. */
  entries(query: { subject: Subject; after: number }): Promise<{ rewritten: Rewritten[]; next: number | null }>
  /** Of all rejections: there are few. */
  rejections(subject: Subject): Promise<RewrittenRejection[]>
  /** What was there is overwritten on disk. */
  rewrite(slice: { entries: Rewritten[]; rejections: RewrittenRejection[] }): Promise<void>
  /** Carries the log of the store over and empties it, since it holds what was there before. false: somebody reads in it. */
  emptyLog(): Promise<boolean>
  audit(line: AuditLine): Promise<void>
}
export type Rewritten = { seq: number; payload: string; isLeft: boolean }
export type RewrittenRejection = { seq: number; topic: string; payload: string }

export type Erased = {
  entries: number
  rejections: number
  /** Entries that name it still, in an event's id or a door's name, which stay as they are. */
  left: number
  /** Its pseudonyms, by the version of the key: so it stands in InfluxDB. */
  pseudonyms: { version: number; pseudonym: string }[]
  /** false: old bytes may stand in the `-wal` file until it is written over. Erase again later. */
  logEmptied: boolean
}

const emptyTries = 20

export async function erase(
  store: EraseStore,
  masking: Masking,
  request: { subject: Subject; reason: string; caller: string },
  clock: Clock,
): Promise<Erased> {
  const { subject, reason, caller } = request
  const pseudonyms = masking.versions.map(({ version, pseudonym }) => ({
    version,
    pseudonym: pseudonym(namedBy(subject)),
  }))
  const line = (what: AuditLine['what'], details: Details): AuditLine => ({
    at: clock(),
    by: caller,
    what,
    subject: pseudonyms.at(-1)?.pseudonym ?? null,
    details: { of: 'ref' in subject ? 'person' : 'plate', ...details },
  })
  // First: what is half done when the power fails must not be without a trace.
  await store.audit(line('erase.begun', { reason }))

  let entries = 0
  let left = 0
  for (let after: number | null = 0; after !== null; ) {
    const { rewritten, next }: Awaited<ReturnType<EraseStore['entries']>> = await store.entries({ subject, after })
    if (rewritten.length > 0) await store.rewrite({ entries: rewritten, rejections: [] })
    entries += rewritten.length
    left += rewritten.filter(({ isLeft }) => isLeft).length
    after = next
  }
  const rejections = await store.rejections(subject)
  if (rejections.length > 0) await store.rewrite({ entries: [], rejections })

  let logEmptied = await store.emptyLog()
  for (let tries = 1; !logEmptied && tries < emptyTries; tries++) {
    await new Promise(resolve => setTimeout(resolve, 100))
    logEmptied = await store.emptyLog()
  }
  await store.audit(line('erase.done', { entries, rejections: rejections.length, left, logEmptied }))
  return { entries, rejections: rejections.length, left, pseudonyms, logEmptied }
}
