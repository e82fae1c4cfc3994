import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { failureOf, summaryOf, tableOf } from './report.ts'
import { daysPerWorld, type Simulated, simulate } from './simulate.ts'

/** `node test/simulation/main.ts --days 100000 --seed 1`: world after world from this seed on, until there were so many days or a promise was broken. */
const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    /** Days of each world. */
    each: { type: 'string', default: String(daysPerWorld) },
    /** The README's table. */
    table: { type: 'boolean', default: false },
  },
})
const [days, first, each] = [Number(values.days), Number(values.seed), Number(values.each)]
if (![days, first, each].every(number => Number.isSafeInteger(number) && number >= 0) || each === 0)
  throw new Error('--days, --seed and --each are whole numbers')
process.exitCode = values.table ? table() : await search()

function table(): number {
  console.log(tableOf())
  return 0
}

async function search(): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'gatehouse-simulation-'))
  const startedMs = performance.now()
  const done: Simulated[] = []
  try {
    let left = days
    for (let seed = first; left > 0; seed++) {
      const world = await simulate(seed, Math.min(each, left), dir)
      if (world.broken.length > 0) {
        console.log(failureOf(await simulate(seed, world.days, dir, true)))
        return 1
      }
      left -= world.days
      done.push(world)
      if (done.length % 100 === 0) console.error(`${days - left} days`)
    }
    console.log(summaryOf(done, performance.now() - startedMs))
    console.log(`digest of the last world: ${done.at(-1)?.digest}`)
    return 0
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
