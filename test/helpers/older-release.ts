import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql as first } from '../../gateway/sqlite/migrations/0001-first.ts'
import { sql as audit } from '../../gateway/sqlite/migrations/0002-audit.ts'
import { sql as entryCrc } from '../../gateway/sqlite/migrations/0003-entry-crc.ts'
import { sql as rejectionsBytes } from '../../gateway/sqlite/migrations/0004-rejections-bytes.ts'

const migrations = [first, audit, entryCrc, rejectionsBytes]
/** Versions of the file that older releases left behind: all but the current one. */
export const olderVersions = migrations.map((_, index) => index + 1)

/**
 * Makes the data directory of a stopped gateway what a release of `version` left behind: its journal has the schema of then, made by
 * the migrations of then, with what that schema has room for, and no other file of today is there but the pseudonym key.
 */
export function makeOlder(dataDir: string, version: number): void {
  const file = join(dataDir, 'journal.sqlite')
  const older = join(dataDir, 'older.sqlite')
  const db = new DatabaseSync(older)
  db.exec('PRAGMA journal_mode = WAL')
  for (const sql of migrations.slice(0, version)) db.exec(sql)
  db.exec(`PRAGMA user_version = ${version}; ATTACH '${file}' AS today`)
  const columnsOf = (schema: string, table: string) =>
    db.prepare(`SELECT name FROM ${schema}.pragma_table_info(?)`).all(table) as { name: string }[]
  const tables = db.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'").all() as { name: string }[]
  for (const { name } of tables) {
    const columns = columnsOf('main', name).map(column => column.name)
    const today = new Set(columnsOf('today', name).map(column => column.name))
    const missing = columns.filter(column => !today.has(column))
    if (missing.length > 0) throw new Error(`${name} has no ${missing} any more: say how an older release had it`)
    // What a migration put in, the counters, is the older release's own to fill.
    if (name !== 'audit') db.exec(`DELETE FROM main.${name}`)
    db.exec(`INSERT INTO main.${name} (${columns}) SELECT ${columns} FROM today.${name} ORDER BY 1`)
  }
  db.exec('DETACH today')
  db.close()
  for (const name of ['journal.sqlite', 'audit.head', 'reserve', 'tokens.json', 'gateway.lock'])
    rmSync(join(dataDir, name), { force: true })
  const renamed = new DatabaseSync(older)
  renamed.exec(`VACUUM INTO '${file}'`)
  renamed.close()
  for (const name of ['older.sqlite', 'older.sqlite-wal', 'older.sqlite-shm'])
    rmSync(join(dataDir, name), { force: true })
}
