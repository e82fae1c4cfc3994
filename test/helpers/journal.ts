import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppendQueue } from '../../gateway/sqlite/append-queue.ts'
import { type Database, openDatabase } from '../../gateway/sqlite/database.ts'
import { journalReader } from '../../gateway/sqlite/journal-reader.ts'
import { openReader } from '../../gateway/sqlite/open.ts'
import type { JournalStore } from '../contract/journal-suite.ts'

export type SqliteJournal = JournalStore & { database: Database; journal: AppendQueue; file: string }

/** The journal as gateway.ts wires it: the storage thread, the queue before it, and consumers that read for themselves. */
export async function openSqliteJournal(dir: string): Promise<SqliteJournal> {
  const file = join(dir, 'journal.sqlite')
  const database = await openDatabase(file, error => {
    throw error
  })
  const journal = new AppendQueue(database.write)
  const db = openReader(file)
  const reader = journalReader(db)
  const outside = new DatabaseSync(file, { readOnly: true })
  const last = outside.prepare('SELECT last_seq AS seq FROM counter')
  return {
    file,
    database,
    journal,
    async consumer(name) {
      await database.write.call('enroll', name)
      return {
        cursor: async () => reader.cursor(name),
        read: async (after, limit) => reader.read(after, limit),
        commit: async progress => database.write.call('advance', { consumer: name, progress }),
      }
    },
    stats: consumers => database.read.call('stats', consumers),
    lastOnDisk: () => (last.get() as { seq: number }).seq,
    async close() {
      db.close()
      outside.close()
      await database.close()
    },
  }
}
