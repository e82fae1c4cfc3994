import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { createAlarmCheck } from './check-alarms.ts'
import { createJournalCheck } from './check-journal.ts'
import { createOfficeCheck } from './check-office.ts'
import { at, stages, steps, writes } from './crash-points.ts'
import { eveningMs, mend, planDay } from './day.ts'
import type { Broken } from './ledger.ts'
import { takeOver } from './timers.ts'
import { dayMs, type Line, World } from './world.ts'

export type Simulated = {
  seed: number
  days: number
  steps: number
  crashes: ReadonlyMap<string, number>
  commits: number
  failedCommits: number
  /** Transactions that failed, and were there after a crash. */
  reappeared: number
  stops: number
  clockSteps: number
  attempts: number
  events: number
  alarms: number
  /** Of all that happened and of what is on disk: the same world has the same. */
  digest: string
  broken: readonly Broken[]
  trace: readonly Line[]
}

/** What only the first start passes. */
const firstStart = [steps.migrating, ...stages.map(stage => at(writes.beginVersion, stage))]
/** Of each world, where nobody asks for others. */
export const daysPerWorld = 60
/** How long everything may take to come to rest once nothing is out of order. */
const restMs = 110 * 60_000

/** One world, day after day, until a promise is broken. */
export async function simulate(seed: number, days: number, dir: string, isTracing = false): Promise<Simulated> {
  const world = new World(seed, mkdtempSync(join(dir, 'world-')), isTracing)
  const { universe, ledger, chance, disk } = world
  const putBack = takeOver(universe, chance.next)
  try {
    if (seed % 2 === 0) world.doom(firstStart[(seed / 2) % firstStart.length] as string, 1)
    universe.plan(0, () => world.start())
    await universe.runUntil(60_000)
    const journal = createJournalCheck(world)
    const alarms = createAlarmCheck(world)
    const office = createOfficeCheck(world)
    let day = 0
    while (day < days && ledger.broken.length === 0) {
      const morning = day * dayMs
      await universe.runUntil(Math.max(universe.now, morning + 60_000))
      planDay(world)
      await universe.runUntil(morning + eveningMs)
      await rest(world)
      day++
      if (ledger.broken.length > 0) break
      journal.atRest()
      alarms.atRest()
      office.atRest()
    }
    journal.atTheEnd()
    const { count } = disk.db.prepare('SELECT count(*) AS count FROM alarm').get() as { count: number }
    const { received } = disk.db.prepare('SELECT received FROM counter').get() as { received: number }
    return {
      ...{ seed, days: day, steps: universe.steps, crashes: world.crashes, stops: world.stops },
      ...{ commits: disk.commits, failedCommits: disk.failed, reappeared: disk.reappeared },
      ...{ clockSteps: world.clockSteps, alarms: count, events: received, broken: ledger.broken },
      attempts: world.endpoints.reduce((sum, { attempts }) => sum + attempts, 0),
      digest: world.digest(),
      trace: world.trace ?? [],
    }
  } finally {
    if (universe.life !== undefined) universe.life.alive = false
    putBack()
    disk.close()
  }
}

const countOf = (row: unknown): number => (row as { count: number }).count

/** Nothing is out of order any more, and nobody begins anything: what waits must end. */
async function rest(world: World): Promise<void> {
  const { universe, ledger, people, operators, devices, disk, influx } = world
  mend(world)
  world.isResting = true
  const until = universe.now + restMs
  const waits = disk.db.prepare(
    `SELECT (SELECT count(*) FROM delivery WHERE state = 'pending') + (SELECT count(*) FROM consumer c, counter n
      WHERE c.name = 'alarms' AND c.cursor < (SELECT coalesce(max(seq), 0) FROM entry))
      AS count`,
  )
  const notWritten = disk.db.prepare(
    `SELECT (SELECT count(*) FROM consumer c WHERE c.name = 'influx' AND c.cursor < (SELECT coalesce(max(seq), 0) FROM entry))
      + (SELECT count(*) FROM response WHERE seq > (SELECT coalesce(max(cursor), 0) FROM consumer WHERE name = 'responses')) AS count`,
  )
  const isAtRest = () =>
    world.gateway !== undefined &&
    people.waiting === 0 &&
    operators.waiting === 0 &&
    world.gateway.journal.queued === 0 &&
    devices.every(({ waiting }) => waiting === 0) &&
    countOf(waits.get()) === 0 &&
    (influx.isAway || countOf(notWritten.get()) === 0)
  let lookMs = 2000
  while (!isAtRest()) {
    if (universe.now > until) {
      ledger.fail('it does not come to rest', 'gateway')
      return
    }
    await universe.runUntil(universe.now + lookMs)
    lookMs = Math.min(60_000, lookMs * 2)
  }
  await universe.runUntil(universe.now + 2000)
  world.isResting = false
}
