import { expect, test } from 'vitest'
import { temporaryDirectory } from '../helpers/directory.ts'
import { crashPoints } from './crash-points.ts'
import { crashesOf, failureOf, summaryOf } from './report.ts'
import { type Simulated, simulate } from './simulate.ts'

/**
 * Worlds of simulated days (README.md): each dies where crash-points.ts says, and what it promised is held against what it did.
 * GATEHOUSE_SIM_SEED repeats one world and shows its trace; GATEHOUSE_SIM_WORLDS and _DAYS make the search longer.
 */
const onlySeed = process.env.GATEHOUSE_SIM_SEED
const first = Number(onlySeed ?? 1)
const worlds = onlySeed === undefined ? Number(process.env.GATEHOUSE_SIM_WORLDS ?? 50) : 1
const days = Number(process.env.GATEHOUSE_SIM_DAYS ?? 40)

test('no crash, sick disk or dead endpoint, at any step, breaks a promise', { timeout: 3_600_000 }, async () => {
  const dir = temporaryDirectory()
  const done: Simulated[] = []
  const startedMs = performance.now()
  for (let seed = first; seed < first + worlds; seed++) {
    const world = await simulate(seed, days, dir)
    done.push(world)
    // Once more, with everything written down: it happens the same way.
    if (world.broken.length > 0) expect.fail(failureOf(await simulate(seed, days, dir, true)))
  }
  console.log(summaryOf(done, performance.now() - startedMs))
  if (onlySeed !== undefined) return
  const crashes = crashesOf(done)
  expect(
    crashPoints.filter(point => !crashes.has(point)),
    'points at which it never died',
  ).toEqual([])
})

test('a seed is one world: it happens the same way each time', async () => {
  const dir = temporaryDirectory()
  const [one, again, other] = [
    await simulate(7, 12, dir, true),
    await simulate(7, 12, dir, true),
    await simulate(8, 12, dir, true),
  ]
  expect(one.trace.length).toBeGreaterThan(50)
  expect(again).toEqual(one)
  expect(other.trace).not.toEqual(one.trace)
})
