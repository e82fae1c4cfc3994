import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
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
