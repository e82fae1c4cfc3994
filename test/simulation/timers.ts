import { syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'
import type { Planned, Universe } from './universe.ts'

/**
 * Puts the universe's time in the place of the process's own: timers, immediates, `performance.now` and `Math.random`, for
 * whatever gateway code asks for. Returns what puts the real ones back.
 */
const pollsMs = new Set([250, 1000, 60_000, 3_600_000])
/** `setImmediate`: the rest of the loop's turn. */
const turnMs = 0.02

export function takeOver(universe: Universe, random: () => number): () => void {
  const real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    setImmediate: globalThis.setImmediate,
  }
  const { now } = performance
  const { random: realRandom } = Math
  const { setTimeout: realAfter } = timersPromises
  Object.assign(globalThis, {
    setTimeout: (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
      new Timer(universe, () => run(...given), ms, false),
    clearTimeout: (timer: Timer | undefined) => timer?.cancel(),
    setInterval: (run: () => void, ms: number) => new Timer(universe, run, ms, true),
    clearInterval: (timer: Timer | undefined) => timer?.cancel(),
    setImmediate: (run: () => void) => new Timer(universe, run, turnMs, false),
  })
  performance.now = () => universe.now
  Math.random = random
  timersPromises.setTimeout = after as typeof timersPromises.setTimeout
  syncBuiltinESMExports()
  return () => {
    Object.assign(globalThis, real)
    performance.now = now
    Math.random = realRandom
    timersPromises.setTimeout = realAfter
    syncBuiltinESMExports()
  }
}

class Timer {
  #planned: Planned | undefined

  constructor(universe: Universe, run: () => void, ms: number, repeats: boolean) {
    const { life } = universe
    // A process that has died sets no timers.
    const plan = () => {
      if (life?.alive !== true) return
      this.#planned = universe.plan(ms, go, life, pollsMs.has(ms) ? ms : undefined)
    }
    const go = () => {
      if (repeats) plan()
      run()
    }
    plan()
  }

  cancel(): void {
    if (this.#planned !== undefined) this.#planned.isCancelled = true
  }

  unref(): this {
    return this
  }
}

/** As `node:timers/promises` has it. */
function after(ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer)
      reject(new DOMException('The operation was aborted', 'AbortError'))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve(value)
    }, ms)
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}
