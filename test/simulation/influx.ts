import { OperationalError } from '../../gateway/errors.ts'
import type { Entry } from '../../gateway/journal/journal.ts'
import type { Taken } from '../../gateway/journal/take.ts'
import { steps } from './crash-points.ts'
import { keyOf } from './ledger.ts'
import type { Life } from './universe.ts'
import type { World } from './world.ts'

/** InfluxDB as the consumer sees it: what is written again is the same point, an answer may be lost, and some points are refused. */
export class Influx {
  readonly #world: World
  readonly points = new Map<number, string>()
  isDown = false

  constructor(world: World) {
    this.#world = world
  }

  async take(life: Life, entries: readonly Entry[]): Promise<Taken> {
    const { universe, chance, ledger, passed } = this.#world
    const wait = (ms: number) => new Promise<void>(resolve => universe.plan(ms, resolve, life))
    await wait(chance.within(1, 30))
    if (this.isDown) throw new OperationalError('influx-down', 'it is down', { retryable: true })
    // Of no class that passes by itself: one of these is poison.
    if (entries.some(isPoison)) throw new Error('field type conflict')
    for (const { seq, device, id } of entries) {
      const key = keyOf(device, id ?? '')
      const before = this.points.get(seq)
      if (before !== undefined && before !== key) ledger.fail(`point ${seq} was ${before} and is ${key}`, device)
      this.points.set(seq, key)
    }
    passed(steps.points)
    if (chance.happens(0.05)) throw new OperationalError('influx-cut', 'the answer was lost', { retryable: true })
    return []
  }
}

export const poison = 'poison'
const isPoison = ({ payload }: Entry): boolean => payload.includes(poison)
