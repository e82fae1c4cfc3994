import type { Acted, Action } from '../../gateway/alarms/action.ts'
import { messageOf } from '../../gateway/errors.ts'
import type { HistoryLine } from '../../schemas/alarm.ts'
import { steps } from './crash-points.ts'
import type { Asked } from './ledger.ts'
import type { World } from './world.ts'

/**
 * Who answers alarms: once told they take over, dispatch, arrive and close, each step with an Idempotency-Key, sent again under
 * the same key until there is an answer. Sometimes two do the same at once.
 */
const line: Record<Action['name'], HistoryLine['what']> = {
  acknowledge: 'acknowledged',
  dispatch: 'dispatched',
  arrive: 'arrived',
  close: 'closed',
}
const wayMs = { low: 2, high: 150 }
const againMs = { low: 1000, high: 8000 }

export class People {
  readonly #world: World
  readonly #busyWith = new Set<string>()
  #nextKey = 1
  /** Steps that have no answer yet. */
  waiting = 0

  constructor(world: World) {
    this.#world = world
  }

  /** An endpoint was told of an alarm. */
  told(alarm: string): void {
    if (this.#busyWith.has(alarm)) return
    this.#busyWith.add(alarm)
    const { chance } = this.#world
    const names: Action['name'][] = ['acknowledge', 'dispatch', 'arrive', 'close']
    // Some are looked at by nobody for days.
    if (chance.happens(0.1)) return
    const skips = chance.happens(0.3) ? chance.whole(1, 2) : 0
    this.#go(alarm, skips === 0 ? names : ['acknowledge', ...names.slice(1 + skips)])
  }

  #go(alarm: string, [name, ...later]: readonly Action['name'][]): void {
    if (name === undefined) return
    const { universe, chance } = this.#world
    const delayMs = chance.happens(0.3) ? chance.within(0, 3000) : chance.within(3000, 120_000)
    this.waiting++
    universe.plan(delayMs, () => {
      const others = chance.happens(0.25) ? ['wang', 'li'] : ['zhao']
      let left = others.length
      for (const by of others)
        this.#ask({ alarm, by, key: `key-${this.#nextKey++}`, what: line[name], answer: undefined }, name, () => {
          if (--left > 0) return
          this.waiting--
          this.#go(alarm, later)
        })
    })
  }

  #ask(asked: Asked, name: Action['name'], done: () => void): void {
    const { universe, chance, ledger } = this.#world
    if (!ledger.asked.includes(asked)) ledger.asked.push(asked)
    const again = () => universe.plan(chance.within(againMs.low, againMs.high), () => this.#ask(asked, name, done))
    const { gateway } = this.#world
    if (gateway === undefined) {
      again()
      return
    }
    const { life } = gateway
    // Whoever gets no answer within its patience sends it again: the one before may be under way still.
    let isOver = false
    const end = (then: () => void) => {
      if (isOver) return
      isOver = true
      then()
    }
    universe.plan(15_000, () => end(again))
    universe.plan(
      chance.within(wayMs.low, wayMs.high),
      () => {
        this.#world.passed(steps.personAsked)
        if (!life.alive) return
        const action: Action = {
          name,
          by: asked.by,
          note: asked.key,
          ...(name === 'close' && { disposition: 'false' as const }),
        }
        gateway.act(asked.alarm, action, asked.key).then(
          (acted: Acted | 'replayed' | undefined) => {
            this.#world.passed(steps.personDone)
            if (!life.alive) return
            const isDone = acted === 'replayed' || (acted !== undefined && 'alarm' in acted)
            universe.plan(chance.within(wayMs.low, wayMs.high), () =>
              end(() => {
                asked.answer = isDone ? 'done' : 'refused'
                this.#world.say(asked.alarm, `${asked.by} is answered: ${asked.answer}`, asked.key)
                done()
              }),
            )
          },
          (error: unknown) => {
            this.#world.say(asked.alarm, 'a step failed', messageOf(error))
            if (life.alive) end(again)
          },
        )
      },
      life,
    )
    this.#world.say(asked.alarm, `${asked.by} wants it ${asked.what}`, asked.key)
  }
}
