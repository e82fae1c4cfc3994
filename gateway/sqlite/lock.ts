import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf, OperationalError } from '../errors.ts'

/**
 * One gateway per data directory, which is made if it is missing. The lock is SQLite's own on a file beside the journal: the
 * system frees it when the process ends, however it ends, so there is never a stale one to remove by hand.
 */
export function lockDataDir(dir: string): { release(): void } {
  let db: DatabaseSync | undefined
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const file = join(dir, 'gateway.lock')
    db = new DatabaseSync(file, { timeout: 0 })
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (one INTEGER); COMMIT')
    const held = db
    return { release: () => held.close() }
  } catch (error) {
    db?.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY)
      throw new OperationalError(
        'data-dir-in-use',
        `${dir}: another gateway runs on this data directory; stop it, or give this one another GATEHOUSE_DATA_DIR`,
        { retryable: false, cause: error },
      )
    throw new OperationalError(
      'data-dir-unusable',
      `${dir}: can't be written (${messageOf(error)}); GATEHOUSE_DATA_DIR must be a directory that the gateway's user may write, on a disk with room`,
      { retryable: false, cause: error },
    )
  }
}

const SQLITE_BUSY = 5
