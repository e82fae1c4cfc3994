import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { migrate } from '../../gateway/sqlite/migrations/migrate.ts'
import { writeProcedures } from '../../gateway/sqlite/procedures.ts'
import type { Call } from '../../gateway/sqlite/writing.ts'
import type { Chance } from './chance.ts'
import { at, ownWrites, steps } from './crash-points.ts'
import type { Life } from './universe.ts'

/**
 * What outlives a crash: a real SQLite database in memory, in which a transaction is there once COMMIT returned and not before.
 * A crash rolls back what is open; what the process had in memory is not its business.
 *
 * It can be slow, and it can be sick: then BEGIN or COMMIT fails as SQLite says it (full, I/O error, read-only, busy), and so
 * does what is read again after that. Of a COMMIT that failed with an I/O error everything may be on disk all the same: if
 * the process dies before it writes again, the transaction is there when it starts (SQLite's WAL does that).
 */
export type Sickness = { code: 5 | 8 | 10 | 13; untilMs: number; isUnreadable: boolean }
export class Crashed extends Error {}

const errors = { 5: 'database is locked', 8: 'attempt to write a readonly database', 10: 'disk I/O error', 13: 'full' }
const leftoverChance = 0.7
/** They move within the transactions of appends. */
const movingIds = 'INSERT OR IGNORE INTO known_id'

export type DiskOptions = {
  dir: string
  chance: Chance
  now: () => number
  passed: (point: string) => void
  mayFail: () => boolean
  /** The commit of this write was to fail, and does. */
  failed: (write: string) => void
  idsMovedAtOnce: number
}

export class Disk {
  readonly db = new DatabaseSync(':memory:')
  readonly #options: DiskOptions
  readonly #statements = new Map<string, StatementSync>()
  sickness: Sickness | undefined
  /** While the disk is slow, how long a commit takes at most. */
  slowMs = 0
  slowUntilMs = 0
  /** What the transaction under way does, by its crash points' names. */
  writes: readonly string[] = [ownWrites.held]
  calls: readonly Call[] = []
  /** The next commit of each of these fails. */
  readonly failing = new Set<string>()
  commits = 0
  failed = 0
  reappeared = 0
  #leftover: readonly Call[] = []
  #changesBefore = 0
  #movesIds = false
  #pending: { version: number; endpoints: readonly string[] } | undefined

  constructor(options: DiskOptions) {
    this.#options = options
  }

  get isSick(): boolean {
    return this.sickness !== undefined && this.#options.now() < this.sickness.untilMs
  }

  get isSlow(): boolean {
    return this.#options.now() < this.slowUntilMs
  }

  commitMs(): number {
    return this.#options.chance.within(0.1, this.isSlow ? this.slowMs : 3)
  }

  /** As `openWriter` leaves it: whole, and of the current version. */
  open(life: Life): DatabaseSync {
    const db = this.#connection(life)
    migrate(db, 'simulated')
    return db
  }

  /** For what only reads. */
  get reader(): DatabaseSync {
    return this.#connection(undefined)
  }

  /** The process is dead. What it left of a COMMIT that failed may be there. */
  crash(): void {
    if (this.db.isTransaction) this.db.exec('ROLLBACK')
    const calls = this.#leftover
    this.#leftover = []
    if (calls.length === 0 || !this.#options.chance.happens(leftoverChance)) return
    const { procedures } = writeProcedures(this.#connection(undefined), this.#options.idsMovedAtOnce)
    const named = procedures as unknown as Record<string, (argument: unknown) => unknown>
    this.db.exec('BEGIN')
    for (const { procedure, argument } of calls) named[procedure]?.(argument)
    this.db.exec('COMMIT')
    this.reappeared++
  }

  /** To which endpoints something is on its way. */
  pending(): readonly string[] {
    const version = this.commits + this.reappeared
    if (this.#pending?.version !== version || this.db.isTransaction) {
      const rows = this.#statement("SELECT DISTINCT endpoint FROM delivery WHERE state = 'pending'").all()
      this.#pending = { version, endpoints: rows.map(({ endpoint }) => endpoint as string) }
    }
    return this.#pending.endpoints
  }

  /** All of it, as text. */
  dump(): string {
    const tables = this.db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
    return tables.map(({ name }) => JSON.stringify(this.db.prepare(`SELECT * FROM "${name}"`).all())).join('\n')
  }

  close(): void {
    this.db.close()
  }

  /** Statements hold nothing of a process, so all connections share them: preparing takes longer than a day. */
  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #connection(life: Life | undefined): DatabaseSync {
    const { db } = this
    const connection = {
      prepare: (sql: string) => {
        const statement = this.#statement(sql)
        if (sql === 'BEGIN IMMEDIATE' && life !== undefined) return { run: () => this.#begin(life, statement) }
        if (sql.startsWith(movingIds) && life !== undefined) return { run: this.#moving(statement) }
        if (sql === 'COMMIT' && life !== undefined) return { run: () => this.#commit(life, statement) }
        return life !== undefined && readsCounters.test(sql) ? { get: () => this.#read(statement) } : statement
      },
      exec: (sql: string) => {
        if (sql.includes('user_version')) this.#options.passed(steps.migrating)
        if (life?.alive === false && sql !== 'ROLLBACK') throw new Crashed()
        db.exec(sql)
      },
      location: () => join(this.#options.dir, 'journal.sqlite'),
      get isTransaction() {
        return db.isTransaction
      },
    }
    return connection as unknown as DatabaseSync
  }

  #begin(life: Life, statement: StatementSync): void {
    if (!life.alive) throw new Crashed()
    if (this.isSick && this.sickness?.code === 5) throw this.#error(5)
    statement.run()
    this.#movesIds = false
    if (this.writes.some(isRetention)) this.#changesBefore = this.#changes()
  }

  #commit(life: Life, statement: StatementSync): void {
    const { passed, chance } = this.#options
    // What has nothing to delete is no point to die at.
    const writes = this.writes.filter(write => !isRetention(write) || this.#changes() > this.#changesBefore)
    if (this.#movesIds) writes.push(ownWrites.ids)
    for (const write of writes) passed(at(write, 'in transaction'))
    if (!life.alive) throw new Crashed()
    this.#leftover = []
    const struck = this.#options.mayFail() ? writes.filter(write => this.failing.delete(write)) : []
    for (const write of struck) this.#options.failed(write)
    const code = struck.length > 0 ? chance.of([10, 13] as const) : this.isSick ? this.sickness?.code : undefined
    if (code !== undefined) {
      if (code === 10 && chance.happens(0.7)) this.#leftover = this.calls
      passed(steps.commitFailed)
      throw this.#error(code)
    }
    statement.run()
    this.commits++
    for (const write of writes) passed(at(write, 'committed'))
    this.writes = [ownWrites.held]
    this.calls = []
    if (!life.alive) throw new Crashed()
  }

  #moving(statement: StatementSync): (...values: SQLInputValue[]) => unknown {
    return (...values) => {
      this.#movesIds = true
      return statement.run(...values)
    }
  }

  #read(statement: StatementSync): unknown {
    if (this.isSick && this.sickness?.isUnreadable) throw this.#error(10)
    return statement.get()
  }

  #changes(): number {
    return (this.#statement('SELECT total_changes() AS count').get() as { count: number }).count
  }

  #error(code: Sickness['code']): Error {
    this.failed++
    return Object.assign(new Error(errors[code]), { errcode: code })
  }
}

/** What the journal's procedures read again after a failure. */
const readsCounters = /^SELECT last_seq AS lastSeq, received/

const isRetention = (write: string): boolean => write.startsWith('retention')
