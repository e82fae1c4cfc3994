import { seeded } from '../helpers/seeded.ts'

/**
 * How much is tried, and from which seed. The same seed gives the same cases, so CI is repeatable; another one is tried with
 * GATEHOUSE_FUZZ_SEED=7, and ten times as much with GATEHOUSE_FUZZ_FACTOR=10.
 */
const defaultSeed = 20261124

export function planFuzz(what: string, cases: number): { random: () => number; cases: number; seed: number } {
  const seed = Number(process.env.GATEHOUSE_FUZZ_SEED ?? defaultSeed)
  const planned = Math.round(cases * Number(process.env.GATEHOUSE_FUZZ_FACTOR ?? 1))
  console.log(`fuzz: ${planned} ${what}, GATEHOUSE_FUZZ_SEED=${seed}`)
  return { random: seeded(seed), cases: planned, seed }
}

/** Runs each case, `width` at a time: lane n takes n, n + width, and so on, so that what belongs to a lane is never used twice at once. */
export async function inParallel(cases: number, width: number, run: (index: number) => Promise<void>): Promise<void> {
  const lane = async (first: number) => {
    for (let index = first; index < cases; index += width) await run(index)
  }
  await Promise.all(Array.from({ length: width }, (_, first) => lane(first)))
}
