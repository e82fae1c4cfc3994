import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { messageOf, OperationalError } from '../errors.ts'
import { migrate, refuseNewer } from './migrations/migrate.ts'

/** How long a connection waits for another one's lock. */
export const busyTimeoutMs = 5000

/**
 * Opens the journal's file for the one thread that writes. After it returns the file is whole, of the current version, and
 * a commit is on disk when it says so: WAL with synchronous=FULL, asserted, since a PRAGMA that isn't taken says nothing.
 * A file that is refused is left as it was.
 */
export function openWriter(file: string): DatabaseSync {
  return explained(file, () => {
    if (existsSync(file)) check(file)
    const db = new DatabaseSync(file, { timeout: busyTimeoutMs })
    db.exec(
      // What goes is overwritten where its page is written anyhow; where it isn't, sqlite/erase.ts says so.
      'PRAGMA secure_delete = FAST; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY',
    )
    // Checkpoints are the keeper's; only where that falls behind, or isn't there, the writer makes one itself, at 32 MiB of WAL.
    db.exec('PRAGMA wal_autocheckpoint = 8192')
    assertPragma(db, 'journal_mode', 'wal')
    assertPragma(db, 'synchronous', 2)
    migrate(db, file)
    return db
  })
}

/**
 * The keeper's connection: it carries what is committed from the WAL into the file. A checkpoint takes tens of milliseconds of
 * writing and fsync; made by the writer, each alarm that comes meanwhile would wait for it. PASSIVE ones hold up nobody.
 */
export function openKeeper(file: string): DatabaseSync {
  return explained(file, () => {
    const db = new DatabaseSync(file, { timeout: busyTimeoutMs })
    db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -4096')
    return db
  })
}

/** A second connection that can only read. It sees a commit only once that is on disk. */
export function openReader(file: string): DatabaseSync {
  return explained(file, () => {
    const db = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs })
    db.exec('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY')
    return db
  })
}

/** Reads every page: seconds for a large file, so the caller decides when. Returns what is wrong, or undefined. */
export function findDamage(db: DatabaseSync): string | undefined {
  try {
    const [first] = db.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[]
    const answer = first?.quick_check ?? 'no answer'
    return answer === 'ok' ? undefined : answer.replace('*** in database main ***\n', '')
  } catch (error) {
    if (isDamage(error)) return messageOf(error)
    throw error
  }
}

/** Up to here the whole file is checked before the gateway is ready; a larger one is checked while it runs. */
const checkedAtStartBytes = 64 * 1024 * 1024

/** Over a connection that can only read: one that writes would carry the WAL into a damaged file when it closes. */
function check(file: string): void {
  const db = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs })
  try {
    refuseNewer(db, file)
    const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number }
    const { page_size: pageBytes } = db.prepare('PRAGMA page_size').get() as { page_size: number }
    const damage = pages * pageBytes > checkedAtStartBytes ? undefined : findDamage(db)
    if (damage !== undefined) throw damaged(file, damage)
  } finally {
    db.close()
  }
}

/** Damage that was met only while reading, said like that which is found at start; any other error as it is. */
export const explainDamage = (file: string, error: unknown): unknown =>
  isDamage(error) ? damaged(file, messageOf(error)) : error

const damaged = (file: string, what: string): OperationalError =>
  new OperationalError(
    'journal-damaged',
    `${file}: is damaged (${what}) and was left as it is. Put a backup in its place, or move the file and its -wal and -shm away to start with an empty journal`,
    { retryable: false },
  )

function assertPragma(db: DatabaseSync, name: string, wanted: string | number): void {
  const found = Object.values(db.prepare(`PRAGMA ${name}`).get() as Record<string, string | number>)[0]
  if (found !== wanted)
    throw new OperationalError(
      'journal-unsafe',
      `PRAGMA ${name} is ${found}, not ${wanted}: this disk can't keep the promise of a puback`,
      {
        retryable: false,
      },
    )
}

const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26
const isDamage = (error: unknown): boolean =>
  [SQLITE_CORRUPT, SQLITE_NOTADB].includes(((error as { errcode?: number }).errcode ?? 0) & 0xff)

/** SQLite's own errors, said so that a person knows which file and what to do. */
export function explained<T>(file: string, open: () => T): T {
  try {
    return open()
  } catch (error) {
    if (error instanceof OperationalError) throw error
    if (isDamage(error)) throw damaged(file, messageOf(error))
    throw new OperationalError(
      'journal-unopened',
      `${file}: can't be opened (${messageOf(error)}); check GATEHOUSE_DATA_DIR, its rights and its disk`,
      {
        retryable: false,
        cause: error,
      },
    )
  }
}
