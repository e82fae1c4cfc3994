import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { migrate } from '../../gateway/sqlite/migrations/migrate.ts'
import { writeProcedures } from '../../gateway/sqlite/procedures.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { crashPoints, deskWrites, writes } from './crash-points.ts'
import { crashesOf, failureOf, summaryOf, tableOf } from './report.ts'
import { daysPerWorld, type Simulated, simulate } from './simulate.ts'

/**
 * Worlds of simulated days (README.md): each dies where crash-points.ts says, and what it promised is held against what it did.
 * GATEHOUSE_SIM_SEED repeats one world and shows its trace; GATEHOUSE_SIM_WORLDS and _DAYS make the search longer.
 */
const onlySeed = process.env.GATEHOUSE_SIM_SEED
const first = Number(onlySeed ?? 1)
const worlds = onlySeed === undefined ? Number(process.env.GATEHOUSE_SIM_WORLDS ?? 36) : 1
const days = Number(process.env.GATEHOUSE_SIM_DAYS ?? daysPerWorld)
const main = new URL('main.ts', import.meta.url).pathname
/** Points that are seldom passed: so many worlds more may look for them. */
const moreWorlds = onlySeed === undefined ? 60 : 0

test('no crash, sick disk or dead endpoint, at any step, breaks a promise', { timeout: 3_600_000 }, async () => {
  const dir = temporaryDirectory()
  const done: Simulated[] = []
  const missing = () => crashPoints.filter(point => !crashesOf(done).has(point))
  const startedMs = performance.now()
  for (let seed = first; seed < first + worlds + moreWorlds; seed++) {
    if (done.length >= worlds && missing().length === 0) break
    const world = await simulate(seed, days, dir)
    done.push(world)
    // Once more, with everything written down: it happens the same way.
    if (world.broken.length > 0) expect.fail(failureOf(await simulate(seed, days, dir, true)))
  }
  console.log(summaryOf(done, performance.now() - startedMs))
  if (onlySeed === undefined) expect(missing(), 'points at which it never died').toEqual([])
})

test('a seed is one world: it happens the same way each time, in another process too', async () => {
  const dir = temporaryDirectory()
  const one = await simulate(7, 12, dir, true)
  const other = await simulate(8, 12, dir)
  expect(one.trace.length).toBeGreaterThan(50)
  expect((await simulate(7, 12, dir, true)).trace).toEqual(one.trace)
  expect((await simulate(7, 12, dir)).digest).toBe(one.digest)
  expect(other.digest).not.toBe(one.digest)
  const elsewhere = await promisify(execFile)(process.execPath, [main, '--seed', '7', '--days', '12'])
  expect(elsewhere.stdout).toContain(one.digest)
})

test('each procedure that writes is a point to die at, before its commit and after', () => {
  const db = new DatabaseSync(join(temporaryDirectory(), 'journal.sqlite'))
  migrate(db, 'simulated')
  const { procedures } = writeProcedures(db)
  db.close()
  expect([...Object.keys(writes), 'commitDesk', 'followAppended'].sort()).toEqual(Object.keys(procedures).sort())
  for (const write of [...Object.values(writes), ...Object.values(deskWrites)])
    expect(crashPoints).toEqual(expect.arrayContaining([`${write}: in transaction`, `${write}: committed`]))
})

test('the README lists each point', () => {
  expect(readFileSync(new URL('README.md', import.meta.url), 'utf8')).toContain(tableOf())
})
