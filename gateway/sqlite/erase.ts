import type { DatabaseSync } from 'node:sqlite'
import { type ErasedPayload, eraseFrom } from '../journal/erase.ts'
import type { EraseStore, Rewritten, RewrittenRejection } from '../journal/erasing.ts'
import { createMention, isMentionedIn, namedBy, type Subject } from '../journal/mention.ts'
import { createEntryCrc, type EntryColumns } from './entry-crc.ts'
import { kindOfCode } from './kinds.ts'

/** Looked at by one question: some ten milliseconds. */
const slice = 20_000
const erasedPayload = '{"erased":true}'

/** Finds what names a person or plate, and what is to stand in its place; changes nothing. */
export function eraseReader(db: DatabaseSync) {
  // As bytes, and also where anything is escaped: `\u664bA1` is a plate too.
  const candidates = db.prepare(
    `SELECT seq, kind, CAST(payload AS TEXT) AS payload FROM entry
     WHERE seq > ?1 AND seq <= ?1 + ${slice} AND (instr(payload, ?2) > 0 OR instr(payload, x'5c') > 0) ORDER BY seq`,
  )
  const nextEntry = db.prepare(`SELECT min(seq) AS seq FROM entry WHERE seq > ?1 + ${slice}`)
  const rejected = db.prepare('SELECT seq, topic, CAST(payload AS TEXT) AS payload FROM rejection ORDER BY seq')
  return {
    eraseEntries({ subject, after }: { subject: Subject; after: number }): {
      rewritten: Rewritten[]
      next: number | null
    } {
      const mention = createMention(subject)
      const found = candidates.all(after, Buffer.from(namedBy(subject))) as {
        seq: number
        kind: number
        payload: string
      }[]
      const rewritten = found.flatMap(({ seq, kind, payload }) => {
        const erased = readably(() => eraseFrom(kindOfCode(kind), payload, subject, mention), payload, mention)
        return erased === undefined ? [] : [{ seq, ...erased }]
      })
      const { seq } = nextEntry.get(after) as { seq: number | null }
      return { rewritten, next: seq === null ? null : seq - 1 }
    },

    eraseRejections(subject: Subject): RewrittenRejection[] {
      const mention = createMention(subject)
      const rewritten: RewrittenRejection[] = []
      for (const row of rejected.iterate() as unknown as Iterable<{ seq: number; topic: string; payload: string }>) {
        const { seq, topic, payload } = row
        const inTopic = mention(topic)
        if (!inTopic && !isMentionedIn(payload, mention)) continue
        rewritten.push({
          seq,
          topic: inTopic ? topic.replaceAll(namedBy(subject), 'erased') : topic,
          payload: erasedPayload,
        })
      }
      return rewritten
    },
  }
}

/** Inside a transaction that its caller opened. */
export function eraseProcedures(db: DatabaseSync) {
  const entry = db.prepare(
    'SELECT seq, received_ms AS receivedAt, at_ms AS at, skew_ms AS skewMs, site, device, kind, id FROM entry WHERE seq = ?',
  )
  const setEntry = db.prepare('UPDATE entry SET payload = ?, crc = ? WHERE seq = ?')
  const setRejection = db.prepare('UPDATE rejection SET topic = ?, payload = ? WHERE seq = ?')
  const crcOf = createEntryCrc()
  return ({ entries, rejections }: Parameters<EraseStore['rewrite']>[0]): void =>
    securely(db, () => {
      for (const { seq, payload } of entries) {
        const columns = entry.get(seq) as Omit<EntryColumns, 'payload'> | undefined
        // Gone meanwhile, by retention.
        if (columns === undefined) continue
        const bytes = Buffer.from(payload)
        setEntry.run(bytes, crcOf({ ...columns, payload: bytes }), seq)
      }
      for (const { seq, topic, payload } of rejections) setRejection.run(topic, Buffer.from(payload), seq)
    })
}

/** What is deleted or written over in `work` leaves nothing in the pages: SQLite would only forget where it stood. */
export function securely<T>(db: DatabaseSync, work: () => T): T {
  db.exec('PRAGMA secure_delete = ON')
  try {
    return work()
  } finally {
    db.exec('PRAGMA secure_delete = OFF')
  }
}

/** What an older gateway took and this one can't read, or what the disk has damaged: it goes as a whole, if it names the subject. */
function readably(erase: () => ErasedPayload | undefined, payload: string, mention: (text: string) => boolean) {
  try {
    return erase()
  } catch {
    return isMentionedIn(payload, mention) ? { payload: erasedPayload, isLeft: false } : undefined
  }
}

const emptyWaitMs = 50

/**
 * The `-wal` file holds pages as they were before. While it is emptied nobody can write: so it is tried only briefly, after a
 * checkpoint that holds up nobody has carried most of it over. false: a reader stood in the way.
 */
export function emptyLog(db: DatabaseSync, timeoutMs: number): boolean {
  db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()
  db.exec(`PRAGMA busy_timeout = ${emptyWaitMs}`)
  try {
    return (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number }).busy === 0
  } finally {
    db.exec(`PRAGMA busy_timeout = ${timeoutMs}`)
  }
}
