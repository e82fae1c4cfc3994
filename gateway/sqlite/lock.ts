import { DatabaseSync } from 'node:sqlite'
import { OperationalError } from '../errors.ts'

/**
 * One gateway per data directory. The lock is SQLite's own on a file beside the journal: the system frees it when the process
 * ends, however it ends, so there is never a stale one to remove by hand.
 */
export function lockDataDir(file: string): { release(): void } {
  const db = new DatabaseSync(file, { timeout: 0 })
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (one INTEGER); COMMIT')
  } catch (error) {
    db.close()
    throw new OperationalError(
      'data-dir-in-use',
      `${file}: another gateway runs on this data directory; stop it, or give this one another GATEHOUSE_DATA_DIR`,
      { retryable: false, cause: error },
    )
  }
  return { release: () => db.close() }
}
