import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { OperationalError } from '../errors.ts'
import type { EraseStore } from '../journal/erasing.ts'
import { auditProcedures, auditReader } from './audit.ts'
import { emptyLog, eraseProcedures, eraseReader } from './erase.ts'
import { currentVersion, refuseNewer } from './migrations/migrate.ts'
import { busyTimeoutMs, openReader } from './open.ts'

/**
 * The journal's file as commands use it, beside a gateway that runs or without one, and on a copy. Each write is short: the
 * gateway's own wait for it.
 */
export function readBeside(file: string) {
  const db = opened(file, openReader)
  return { ...auditReader(db), close: () => db.close() }
}

export function writeBeside(file: string) {
  const db = opened(file, () => {
    const db = new DatabaseSync(file, { timeout: busyTimeoutMs })
    db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')
    return db
  })
  const audit = auditProcedures(db)
  const search = eraseReader(db)
  const rewrite = eraseProcedures(db)
  const transact = (work: () => void) => {
    db.exec('BEGIN IMMEDIATE')
    try {
      work()
      db.exec('COMMIT')
    } catch (error) {
      db.exec('ROLLBACK')
      throw error
    }
    audit.note()
  }
  const store: EraseStore = {
    entries: async query => search.eraseEntries(query),
    rejections: async subject => search.eraseRejections(subject),
    rewrite: async slice => transact(() => rewrite(slice)),
    emptyLog: async () => emptyLog(db, busyTimeoutMs),
    audit: async line => transact(() => audit.add([line])),
  }
  return { store, ...auditReader(db), close: () => db.close() }
}

function opened(file: string, open: (file: string) => DatabaseSync): DatabaseSync {
  if (!existsSync(file))
    throw new OperationalError(
      'journal-missing',
      `${file}: there is no such file; set GATEHOUSE_DATA_DIR as the gateway has it`,
      {
        retryable: false,
      },
    )
  const db = open(file)
  refuseNewer(db, file)
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version === currentVersion) return db
  db.close()
  throw new OperationalError(
    'journal-older',
    `${file}: was written by an older Gatehouse; start this version on it once`,
    {
      retryable: false,
    },
  )
}
