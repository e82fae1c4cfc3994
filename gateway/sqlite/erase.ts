import type { DatabaseSync } from 'node:sqlite'
import { type ErasedPayload, eraseFrom } from '../journal/erase.ts'
import type { EraseStore, Rewritten, RewrittenRejection } from '../journal/erasing.ts'
import { createMention, isMentionedIn, namedBy, type Subject } from '../journal/mention.ts'
import { createEntryCrc, type EntryColumns } from './entry-crc.ts'
import { kindOfCode } from './kinds.ts'

/** Looked at by one question: some ten milliseconds. */
const slice = 20_000
/** Of a rejected one nothing is known, so nothing is left of it. */
const erasedPayload = '{}'

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
    `SELECT seq, received_ms AS receivedAt, at_ms AS at, skew_ms AS skewMs, site, device, kind, id, crc, length(payload) AS bytes
     FROM entry WHERE seq = ?`,
  )
  const setEntry = db.prepare('UPDATE entry SET payload = ?, crc = ? WHERE seq = ?')
  const rejection = db.prepare(
    'SELECT length(CAST(topic AS BLOB)) AS topicBytes, length(payload) AS bytes FROM rejection WHERE seq = ?',
  )
  const setRejection = db.prepare('UPDATE rejection SET topic = ?, payload = ? WHERE seq = ?')
  const crcOf = createEntryCrc()

  function rewriteEntry({ seq, payload }: Rewritten): void {
    const found = entry.get(seq) as (Omit<EntryColumns, 'payload'> & { crc: number | null; bytes: number }) | undefined
    // Gone meanwhile, by retention.
    if (found === undefined) return
    const { crc: before, bytes, ...columns } = found
    for (const padded of ofLength(payload, bytes)) {
      const crc = crcOf({ ...columns, payload: padded })
      if (before !== null && storedBytes(crc) !== storedBytes(before)) continue
      setEntry.run(padded, before === null ? null : crc, seq)
      return
    }
    const whole = Buffer.from(payload)
    setEntry.run(whole, crcOf({ ...columns, payload: whole }), seq)
  }

  return ({ entries, rejections }: Parameters<EraseStore['rewrite']>[0]): void =>
    securely(db, () => {
      for (const one of entries) rewriteEntry(one)
      for (const { seq, topic, payload } of rejections) {
        const found = rejection.get(seq) as { topicBytes: number; bytes: number } | undefined
        if (found === undefined) continue
        const bytes = found.bytes + found.topicBytes - Buffer.byteLength(topic)
        setRejection.run(topic, ofLength(payload, bytes).next().value ?? Buffer.from(payload), seq)
      }
    })
}

/**
 * Payloads of the length that was there, filled up with white space. A row that keeps its size is written over in place; one
 * that doesn't makes SQLite move its neighbours, and leave bytes of them behind in what is then free. None where it is too long.
 */
function* ofLength(payload: string, bytes: number): Generator<Buffer, undefined> {
  const missing = bytes - Buffer.byteLength(payload)
  if (missing < 0) return
  for (let variant = 0; variant < (missing === 0 ? 1 : 64); variant++) {
    const ending = [variant & 3, (variant >> 2) & 3, variant >> 4].map(place => ' \n\t\r'[place]).join('')
    yield Buffer.from(payload + `${' '.repeat(missing)}${ending}`.slice(ending.length))
  }
}

/** SQLite keeps whole numbers in as few bytes as they need, so the check sum counts for a row's size. */
const storedBytes = (crc: number): number =>
  crc < 2 ? 0 : crc < 2 ** 7 ? 1 : crc < 2 ** 15 ? 2 : crc < 2 ** 23 ? 3 : crc < 2 ** 31 ? 4 : 6

/** What is deleted or written over in `work` leaves nothing in the pages: SQLite would only forget where it stood. */
export function securely<T>(db: DatabaseSync, work: () => T): T {
  db.exec('PRAGMA secure_delete = ON')
  try {
    return work()
  } finally {
    db.exec('PRAGMA secure_delete = FAST')
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
