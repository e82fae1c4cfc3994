import type { DatabaseSync } from 'node:sqlite'
import { type AuditLine, chain, emptyHead, type Head, headText, type StoredLine } from '../audit/line.ts'
import type { Version } from '../journal/versions.ts'
import { headFileOf, readHead, writeHead } from './audit-head.ts'

const columns = 'n, at_ms AS at, by, what, subject, details, hash'

/**
 * How lines are added. Each call asks the file for the last line, so that a command beside the running gateway can add one
 * too: both are in a transaction that nobody else writes in meanwhile.
 */
export function auditProcedures(db: DatabaseSync) {
  const last = db.prepare('SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1')
  const insert = db.prepare(
    'INSERT INTO audit (n, at_ms, by, what, subject, details, hash) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const hashAt = db.prepare('SELECT hash FROM audit WHERE n = ?')
  const headFile = headFileOf(db)
  /** Of lines that are not noted in the second place yet. */
  let unnoted: Head | undefined

  const head = (): Head => (last.get() as Head | undefined) ?? emptyHead

  function add(lines: readonly AuditLine[]): void {
    let end = lines.length === 0 ? undefined : head()
    for (const line of lines) {
      const stored = chain(end as Head, line)
      const { n, at, by, what, subject, details, hash } = stored
      insert.run(n, at, by, what, subject, details, hash)
      end = stored
    }
    if (end !== undefined) unnoted = { n: end.n, hash: end.hash }
  }

  return {
    add,

    /**
     * The first line of a start. Where the file's end isn't the one that was noted beside it, a line says so before: the log
     * can't be mended, and whoever verifies it must see that. Returns what was wrong, or undefined.
     */
    start(line: AuditLine): string | undefined {
      const noted = readHead(headFile)
      const found =
        noted === undefined || noted.n === 0 ? undefined : (hashAt.get(noted.n) as { hash: string } | undefined)
      const broken = noted !== undefined && noted.n > 0 && found?.hash !== noted.hash
      const now = head()
      if (broken) {
        const details = { noted: headText(noted), found: headText(now) }
        add([
          { at: line.at, by: 'gateway', what: 'audit.broken', subject: String(Math.min(noted.n, now.n + 1)), details },
        ])
      }
      add([line])
      return broken ? `its end was noted as ${headText(noted)}, and is ${headText(now)}` : undefined
    },

    /** After a commit. A second place that can't be written holds up nobody: it is written after the next one. */
    note(): void {
      if (unnoted === undefined) return
      try {
        writeHead(headFile, unnoted)
        unnoted = undefined
      } catch {
        // The head before stands there still, and is still true.
      }
    },
    /** After a rollback: those lines never were. */
    reset(): void {
      unnoted = undefined
    },
  }
}

export function auditReader(db: DatabaseSync) {
  const head = db.prepare('SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1')
  const all = db.prepare(`SELECT ${columns} FROM audit ORDER BY n`)
  const newestFirst = db.prepare(
    `SELECT ${columns} FROM audit WHERE n < ?1 AND at_ms >= ?2 AND at_ms < ?3 AND (?4 IS NULL OR what = ?4 OR substr(what, 1, length(?4) + 1) = ?4 || '.')
     ORDER BY n DESC LIMIT ?5`,
  )
  const versions = db.prepare(
    'SELECT version, from_seq AS fromSeq, fingerprint, since_ms AS sinceMs FROM pseudonym_version ORDER BY version',
  )
  const firstSeq = db.prepare('SELECT min(seq) AS seq FROM entry')
  const lastSeq = db.prepare('SELECT last_seq AS seq FROM counter')
  return {
    auditHead: (): Head => (head.get() as Head | undefined) ?? emptyHead,
    /** One after the other: a log of years must not stand in memory. */
    lines: (): Iterable<StoredLine> => all.iterate() as unknown as Iterable<StoredLine>,
    /** Newest first. `what`: a whole one, or what stands before its dot. */
    audit({ before, fromMs, toMs, what, limit }: AuditQuery): { items: StoredLine[]; next: number | null } {
      const items = newestFirst.all(
        before,
        fromMs ?? Number.MIN_SAFE_INTEGER,
        toMs ?? Number.MAX_SAFE_INTEGER,
        what ?? null,
        limit,
      ) as unknown as StoredLine[]
      return { items, next: items.length === limit ? (items.at(-1)?.n ?? null) : null }
    },
    /** Of the oldest entry; null: there is none. */
    firstSeq: (): number | null => (firstSeq.get() as { seq: number | null }).seq,
    pseudonymVersions: () => ({
      versions: versions.all() as unknown as Version[],
      lastSeq: (lastSeq.get() as { seq: number }).seq,
    }),
  }
}

export type AuditQuery = {
  before: number
  fromMs?: number | undefined
  toMs?: number | undefined
  what?: string | undefined
  limit: number
}

export function versionProcedures(db: DatabaseSync) {
  const insert = db.prepare(
    'INSERT INTO pseudonym_version (version, from_seq, fingerprint, since_ms) VALUES (?, ?, ?, ?)',
  )
  return ({ version, fromSeq, fingerprint, sinceMs }: Version): void =>
    void insert.run(version, fromSeq, fingerprint, sinceMs)
}
