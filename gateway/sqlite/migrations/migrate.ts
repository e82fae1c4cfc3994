import type { DatabaseSync } from 'node:sqlite'
import { OperationalError } from '../../errors.ts'
import { sql as first } from './0001-first.ts'
import { sql as audit } from './0002-audit.ts'
import { sql as entryCrc } from './0003-entry-crc.ts'
import { sql as rejectionsBytes } from './0004-rejections-bytes.ts'
import { sql as replayed } from './0005-replayed.ts'

/** In order; the file's user_version counts how many it has had. A migration that has landed is never edited. */
const migrations: readonly string[] = [first, audit, entryCrc, rejectionsBytes, replayed]
export const currentVersion = migrations.length

export function refuseNewer(db: DatabaseSync, file: string): void {
  const found = versionOf(db)
  if (found > currentVersion)
    throw new OperationalError(
      'journal-newer',
      `${file}: was written by a newer Gatehouse (version ${found} of the file, this one knows ${currentVersion}); start that version, or point GATEHOUSE_DATA_DIR elsewhere`,
      { retryable: false },
    )
}

/** Brings the file to the current version, each step in a transaction of its own. Refuses a file from a newer version. */
export function migrate(db: DatabaseSync, file: string): void {
  refuseNewer(db, file)
  const found = versionOf(db)
  for (const [index, sql] of migrations.entries()) {
    if (index < found) continue
    db.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${index + 1}; COMMIT`)
  }
}

const versionOf = (db: DatabaseSync): number =>
  (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
