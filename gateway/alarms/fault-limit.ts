import type { Fault } from '../../schemas/webhook.ts'

/**
 * A fault that goes on is told once in ten minutes, not each time it shows: what comes twenty times a second is read by nobody
 * and holds up what follows. Bounded by the codes and subjects there are.
 */
const windowMs = 10 * 60_000

export class FaultLimit {
  readonly #told = new Map<string, { at: number; untold: number }>()

  /** The fault to tell now, with the number of those that weren't; undefined: not now. */
  take(fault: Fault, now: number): Fault | undefined {
    const key = `${fault.code} ${fault.subject}`
    const last = this.#told.get(key)
    if (last !== undefined && now - last.at < windowMs) {
      last.untold++
      return undefined
    }
    this.#told.set(key, { at: now, untold: 0 })
    return last === undefined || last.untold === 0
      ? fault
      : { ...fault, message: `${fault.message} (and ${last.untold} times more since it was last told)` }
  }
}
