import type { Chance } from './chance.ts'
import { Queue } from './queue.ts'

/** One run of the gateway's process, from its start to its crash or stop. What belongs to a dead one never runs. */
export type Life = { readonly number: number; alive: boolean }

export type Planned = {
  at: number
  order: number
  run: () => void
  life: Life | undefined
  /** Of one that asks so often whether there is something to do, ms: it may be leapt over where there isn't. */
  everyMs: number | undefined
  isCancelled: boolean
}

/**
 * Time, and the order in which everything happens: one event after the other, each with all promises that follow from it, all
 * else waits. Times are ms since the world began; they are fractions, drawn by chance, so that two things in one millisecond
 * come in any order. Nothing here is real time.
 */
export class Universe {
  now = 0
  steps = 0
  /** The process that runs now: who sets a timer is it. */
  life: Life | undefined
  /** Up to when there is nothing to do for those who ask now and then. */
  quietUntil: () => number = () => this.now
  /** After each step. */
  afterStep: () => void = () => {}
  #afterwards: (() => void)[] = []
  readonly #chance: Chance
  readonly #polls = new Queue<Planned>()
  /** Those that were leapt over. */
  readonly #leapt = new Queue<Planned>()
  readonly #others = new Queue<Planned>()
  #order = 0

  constructor(chance: Chance) {
    this.#chance = chance
  }

  plan(delayMs: number, run: () => void, life?: Life, everyMs?: number): Planned {
    const planned: Planned = {
      at: this.now + Math.max(0, delayMs),
      order: this.#order++,
      run,
      life,
      everyMs,
      isCancelled: false,
    }
    ;(everyMs === undefined ? this.#others : this.#polls).push(planned)
    return planned
  }

  /** Once all that follows from this step has happened. */
  afterwards(run: () => void): void {
    this.#afterwards.push(run)
  }

  /** Runs what is planned up to `until`, then it is `until`. */
  async runUntil(until: number): Promise<void> {
    for (;;) {
      const next = this.#next(until)
      if (next === undefined) break
      this.now = Math.max(this.now, next.at)
      this.steps++
      next.run()
      // Ticks come after all promises that follow from what has run, however long their chain.
      await new Promise<void>(resolve => process.nextTick(resolve))
      if (this.#afterwards.length > 0) for (const run of this.#afterwards.splice(0)) run()
      this.afterStep()
    }
    this.now = until
  }

  #next(until: number): Planned | undefined {
    const poll = firstOf(this.#polls)
    const limit = Math.min(until, firstOf(this.#others)?.at ?? Number.POSITIVE_INFINITY)
    if (poll !== undefined && poll.at < limit && poll.at < (firstOf(this.#leapt)?.at ?? limit)) this.#leap(poll, limit)
    let next: Queue<Planned> | undefined
    for (const queue of [this.#polls, this.#leapt, this.#others])
      if ((firstOf(queue)?.at ?? Number.POSITIVE_INFINITY) < (next?.first()?.at ?? Number.POSITIVE_INFINITY))
        next = queue
    const first = next?.first()
    return first === undefined || first.at > until ? undefined : next?.pop()
  }

  /**
   * Over the time in which nobody would find anything. Behind it each of them asks once, in any phase, before it is leapt over
   * again: so whatever is due then is found as late as it would have been.
   */
  #leap(poll: Planned, limit: number): void {
    const horizon = Math.min(limit, this.quietUntil())
    if (horizon <= poll.at) return
    for (;;) {
      const early = firstOf(this.#polls)
      if (early === undefined || early.at >= horizon) return
      this.#polls.pop()
      early.at = horizon + this.#chance.next() * (early.everyMs as number)
      this.#leapt.push(early)
    }
  }
}

/** Drops what will never run. */
function firstOf(queue: Queue<Planned>): Planned | undefined {
  for (;;) {
    const first = queue.first()
    if (first === undefined || !(first.isCancelled || first.life?.alive === false)) return first
    queue.pop()
  }
}
