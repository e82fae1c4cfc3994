import { createHash } from 'node:crypto'
import { backup, DatabaseSync } from 'node:sqlite'
import { OperationalError } from '../errors.ts'
import { refuseNewer } from './migrations/migrate.ts'
import { explained, findDamage } from './open.ts'

/** Of every table: how many rows, and a SHA-256 over each value of each row in the order of its key. Equal means equal. */
export type Tables = Record<string, { rows: number; sha256: string }>
export type JournalContent = {
  /** The file's user_version. */
  fileVersion: number
  lastSeq: number
  entries: number
  alarms: number
  /** The audit log's end; null: it has no line. */
  auditHead: { n: number; hash: string } | null
  tables: Tables
}
/** Called now and then; throws to end the work. `done` of `all` in whatever is counted at the time. */
export type Progress = (what: string, done: number, all: number) => void

const pagesPerStep = 1000
const rowsPerHash = 500
const busyTimeoutMs = 5000

/**
 * One moment of a journal, whether a gateway writes it meanwhile or not: the copy and what is counted are both of this moment,
 * since one read transaction stays open until `close`. It blocks nobody; the WAL can't be emptied while it lasts, and grows.
 */
export function openSnapshot(file: string) {
  return explained(file, () => {
    const db = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs })
    try {
      refuseNewer(db, file)
      db.exec('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; BEGIN')
      db.prepare('SELECT count(*) FROM sqlite_schema').get()
    } catch (error) {
      db.close()
      throw error
    }
    return {
      content: (progress: Progress): JournalContent => contentOf(db, progress),
      /** Into a file of its own, that needs nothing beside it. */
      async copyTo(to: string, progress: Progress): Promise<void> {
        await backup(db, to, {
          rate: pagesPerStep,
          progress: ({ totalPages, remainingPages }) => progress('copied', totalPages - remainingPages, totalPages),
        })
        const copy = new DatabaseSync(to)
        copy.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL')
        copy.close()
      },
      close: () => db.close(),
    }
  })
}

/** What a file that nobody writes holds. Throws OperationalError where it is damaged or from a newer version. */
export function readContent(file: string, progress: Progress): JournalContent {
  return explained(file, () => {
    const db = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs })
    try {
      refuseNewer(db, file)
      const damage = findDamage(db)
      if (damage !== undefined)
        throw new OperationalError('journal-damaged', `${file}: is damaged (${damage})`, { retryable: false })
      return contentOf(db, progress)
    } finally {
      db.close()
    }
  })
}

function contentOf(db: DatabaseSync, progress: Progress): JournalContent {
  const tables = db
    .prepare(
      "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .all() as { name: string; wr: number }[]
  const count = (table: string) =>
    (db.prepare(`SELECT count(*) AS count FROM "${table}"`).get() as { count: number }).count
  const all = tables.reduce((sum, { name }) => sum + count(name), 0)
  const digests: Tables = {}
  let done = 0
  for (const { name, wr } of tables)
    digests[name] = digest(db, name, wr === 1, rows => {
      done += rows
      progress('checked', done, all)
    })
  const one = <T>(sql: string): T | undefined => db.prepare(sql).get() as T | undefined
  return {
    fileVersion: one<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0,
    lastSeq: one<{ seq: number }>('SELECT last_seq AS seq FROM counter')?.seq ?? 0,
    entries: digests.entry?.rows ?? 0,
    alarms: digests.alarm?.rows ?? 0,
    auditHead:
      digests.audit === undefined
        ? null
        : (one<{ n: number; hash: string }>('SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1') ?? null),
    tables: digests,
  }
}

function digest(
  db: DatabaseSync,
  table: string,
  withoutRowid: boolean,
  onRows: (count: number) => void,
): Tables[string] {
  const keys = db.prepare('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk').all(table) as {
    name: string
  }[]
  const order = withoutRowid ? keys.map(({ name }) => `"${name}"`).join(', ') : 'rowid'
  // The rowid too: of some tables it says what came first.
  const select = db.prepare(`SELECT ${withoutRowid ? '' : 'rowid, '}* FROM "${table}" ORDER BY ${order}`)
  select.setReturnArrays(true)
  const hash = createHash('sha256')
  let rows = 0
  let gathered: unknown[] = []
  const flush = () => {
    hash.update(JSON.stringify(gathered, (_, value) => (value instanceof Uint8Array ? inHex(value) : value)))
    onRows(gathered.length)
    gathered = []
  }
  for (const row of select.iterate()) {
    rows++
    gathered.push(row)
    if (gathered.length === rowsPerHash) flush()
  }
  flush()
  return { rows, sha256: hash.digest('hex') }
}

const inHex = (bytes: Uint8Array): string =>
  `x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`
