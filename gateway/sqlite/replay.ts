import type { DatabaseSync } from 'node:sqlite'
import type { AuditLine } from '../audit/line.ts'

/** A rejection with what was published, for being judged again. */
export type RejectedPublish = {
  site: string
  device: string
  /** Of an event topic its first 256 characters. */
  topic: string
  receivedAt: number
  payload: Uint8Array
  replayedAs: number | null
}

/** undefined: there is none of this number, or not any more. */
export function rejectedReader(db: DatabaseSync) {
  const one = db.prepare(
    'SELECT site, device, topic, received_ms AS receivedAt, payload, replayed_as AS replayedAs FROM rejection WHERE seq = ?',
  )
  return (seq: number): RejectedPublish | undefined => one.get(seq) as RejectedPublish | undefined
}

export function replayProcedures(db: DatabaseSync, audit: (lines: readonly AuditLine[]) => void) {
  const mark = db.prepare('UPDATE rejection SET replayed_as = ? WHERE seq = ?')
  return {
    markReplayed({ seq, as, line }: { seq: number; as: number; line: AuditLine }): void {
      mark.run(as, seq)
      audit([line])
    },
  }
}
