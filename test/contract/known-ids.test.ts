import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { knownIds } from '../../gateway/sqlite/known-ids.ts'
import { openWriter } from '../../gateway/sqlite/open.ts'
import { temporaryDirectory } from '../helpers/directory.ts'

/** A database whose reads fail on command, as a sick disk's do. */
function sickOnCommand(db: DatabaseSync) {
  const state = { sick: false }
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql)
    return new Proxy(statement, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          if (state.sick && name === 'all') throw new Error('disk I/O error')
          return (value as (...given: unknown[]) => unknown).apply(target, given)
        }
      },
    })
  }
  return {
    state,
    db: new Proxy(db, { get: (target, name) => (name === 'prepare' ? prepare : Reflect.get(target, name)) }),
  }
}

test('ids that can’t be read again after a failure are not forgotten', () => {
  const file = openWriter(join(temporaryDirectory(), 'journal.sqlite'))
  onTestFinished(() => file.close())
  const { state, db } = sickOnCommand(file)
  const known = knownIds(db)
  file.exec("INSERT INTO entry VALUES (1, 0, 0, NULL, 1, 1, 1, 'a', x'7b7d', NULL)")
  known.add(1, 'a', 1)
  state.sick = true
  expect(() => known.reset()).toThrow('disk I/O error')
  expect(known.seqOf(1, 'a')).toBe(1)
  state.sick = false
  known.reset()
  expect(known.seqOf(1, 'a')).toBe(1)
})

test('whatever comes, moves, is deleted, rolled back or read again: exactly the ids of the entries are known', () => {
  const operation = fc.oneof(
    { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 9 }), move: fc.integer({ min: 0, max: 7 }) }) },
    { weight: 1, arbitrary: fc.record({ forget: fc.integer({ min: 0, max: 100 }) }) },
    { weight: 1, arbitrary: fc.constantFrom('restart' as const, 'rollback' as const) },
  )
  const db = openWriter(join(temporaryDirectory(), 'journal.sqlite'))
  onTestFinished(() => db.close())
  const insert = db.prepare("INSERT INTO entry VALUES (?, 0, 0, NULL, 1, ?, 1, ?, x'7b7d', NULL)")
  const remove = db.prepare('DELETE FROM entry WHERE seq <= ?')
  const left = db.prepare('SELECT count(*) AS count FROM known_id')
  fc.assert(
    fc.property(fc.array(operation, { minLength: 5, maxLength: 60 }), operations => {
      db.exec('DELETE FROM entry; DELETE FROM known_id; UPDATE counter SET known_upto = 0')
      let known = knownIds(db, 10)
      let seq = 0
      let entries = new Map<number, { device: number; id: string }>()
      const appended = (add: number, move: number) => {
        for (let n = 0; n < add; n++) {
          seq++
          const entry = { device: seq % 3, id: `e-${(seq * 7919) % 1000}` }
          insert.run(seq, entry.device, entry.id)
          known.add(entry.device, entry.id, seq)
          entries.set(seq, entry)
        }
        known.move(move, seq)
      }
      for (const one of operations) {
        if (one === 'restart') known = knownIds(db, 10)
        else if (one === 'rollback') {
          const before = { seq, entries: new Map(entries) }
          db.exec('BEGIN')
          appended(5, 6)
          db.exec('ROLLBACK')
          known.reset()
          ;({ seq, entries } = before)
        } else if ('forget' in one) {
          const upTo = Math.floor((seq * one.forget) / 100)
          known.forget(upTo)
          remove.run(upTo)
          for (const gone of [...entries.keys()]) if (gone <= upTo) entries.delete(gone)
        } else {
          db.exec('BEGIN')
          appended(one.add, one.move)
          db.exec('COMMIT')
        }
        for (let at = 1; at <= seq; at++) {
          const id = `e-${(at * 7919) % 1000}`
          expect(known.seqOf(at % 3, id)).toBe(entries.has(at) ? at : undefined)
        }
      }
      expect((left.get() as { count: number }).count).toBeLessThanOrEqual(entries.size)
    }),
    { numRuns: 40, seed: 20_251_124, endOnFailure: true },
  )
})

/** A database whose inserts of known ids fail on command, as those of a damaged page do. */
function damagedOnCommand(db: DatabaseSync) {
  const state = { damaged: false }
  const prepare = (sql: string) => {
    const statement = db.prepare(sql)
    if (!sql.startsWith('INSERT OR IGNORE INTO known_id')) return statement
    return {
      run: (device: number, id: string, seq: number) => {
        if (state.damaged) throw Object.assign(new Error('database disk image is malformed'), { errcode: 11 })
        return statement.run(device, id, seq)
      },
    }
  }
  const damaged = new Proxy(db, {
    get(target, name) {
      const value: unknown = name === 'prepare' ? prepare : Reflect.get(target, name)
      return typeof value === 'function' && name !== 'prepare' ? value.bind(target) : value
    },
  })
  return { state, db: damaged }
}

function journalOf(file: DatabaseSync) {
  const insert = file.prepare("INSERT INTO entry VALUES (?, 0, 0, NULL, 1, 1, 1, ?, x'7b7d', NULL)")
  const upTo = file.prepare('SELECT known_upto AS upTo FROM counter')
  const moved = file.prepare('SELECT count(*) AS count FROM known_id')
  let seq = 0
  return {
    append(known: ReturnType<typeof knownIds>, id: string | null, isUrgent = false) {
      file.exec('BEGIN')
      insert.run(++seq, id)
      if (id !== null) known.add(1, id, seq)
      known.move(3, seq, isUrgent)
      file.exec('COMMIT')
    },
    upTo: () => (upTo.get() as { upTo: number }).upTo,
    moved: () => (moved.get() as { count: number }).count,
  }
}

test('entries without ids count too: what a start reads again stays short', () => {
  const file = openWriter(join(temporaryDirectory(), 'journal.sqlite'))
  onTestFinished(() => file.close())
  const known = knownIds(file, 10)
  const journal = journalOf(file)
  journal.append(known, 'a')
  for (let n = 0; n < 100; n++) {
    journal.append(known, null)
    expect(1 + n - journal.upTo()).toBeLessThan(45)
  }
  expect(known.seqOf(1, 'a')).toBe(1)
  expect(knownIds(file).seqOf(1, 'a')).toBe(1)
})

test('an alarm carries no step, unless there is a hurry', () => {
  const file = openWriter(join(temporaryDirectory(), 'journal.sqlite'))
  onTestFinished(() => file.close())
  const known = knownIds(file, 10)
  const journal = journalOf(file)
  for (let n = 0; n < 19; n++) journal.append(known, `a-${n}`, true)
  expect(journal.moved()).toBe(0)
  for (let n = 19; n < 40; n++) journal.append(known, `a-${n}`, true)
  expect(journal.moved()).toBeGreaterThan(0)
})

test('a step that fails takes no entry with it: ids stay known, and move once they can', () => {
  const file = openWriter(join(temporaryDirectory(), 'journal.sqlite'))
  onTestFinished(() => file.close())
  const { state, db } = damagedOnCommand(file)
  const known = knownIds(db, 10)
  const journal = journalOf(file)
  state.damaged = true
  for (let n = 0; n < 50; n++) journal.append(known, `a-${n}`)
  expect(journal.moved()).toBe(0)
  for (let n = 0; n < 50; n++) expect(known.seqOf(1, `a-${n}`)).toBe(n + 1)
  state.damaged = false
  for (let n = 50; n < 150; n++) journal.append(known, `a-${n}`)
  expect(journal.moved()).toBeGreaterThan(50)
  for (let n = 0; n < 150; n++) expect(known.seqOf(1, `a-${n}`)).toBe(n + 1)
})
