/** Wall-clock milliseconds since 1970. Everything that needs the time takes one of these; only this file asks the system. */
export type Clock = () => number

/** What a computer tells of time. `wallMs` may be set by anybody at any moment; `monotonicMs` counts on and is never set. */
export type TimeSource = { wallMs: () => number; monotonicMs: () => number }
export const systemTime: TimeSource = { wallMs: () => Date.now(), monotonicMs: () => performance.now() }

export const systemClock: Clock = systemTime.wallMs

/** Milliseconds that never jump, for durations. */
export const elapsedSince = (startMs: number): number => performance.now() - startMs
export const monotonicMs = (): number => performance.now()

export const iso = (ms: number): string => new Date(ms).toISOString()

/** A difference from the system's clock that is more than this was a step: somebody set the clock. Less is made up for slowly. */
const stepMs = 1000
/** How much of a small difference each `step` makes up for. */
const slewMs = 1
/** Reading both clocks took longer, so the process was held up in between and the difference means nothing. */
const maxReadMs = 50

/**
 * The gateway's clock: the system's as it was at the start, and from there on what passed. Whoever sets the system's clock
 * doesn't move it; a step shows in `step`, and is followed by `adopt` once what was planned on the old time is moved too
 * (gateway/wiring/timekeeping.ts). So no deadline is missed, and none waits, because a clock was set.
 */
export class GatewayClock {
  readonly #source: TimeSource
  /** Of the monotonic clock, to the time as it was taken at the start. */
  readonly #startOffsetMs: number
  #offsetMs: number
  #last = 0

  constructor(source: TimeSource) {
    this.#source = source
    this.#startOffsetMs = source.wallMs() - source.monotonicMs()
    this.#offsetMs = this.#startOffsetMs
  }

  /** The time for all that is stamped, told or stored, whole ms. Goes back only when a step is adopted. */
  now: Clock = () => {
    const ms = Math.round(this.#source.monotonicMs() + this.#offsetMs)
    if (ms > this.#last) this.#last = ms
    return this.#last
  }

  /** The time at the start and what has passed since: for intervals that no restart must survive. Never set. */
  steady: Clock = () => Math.round(this.#source.monotonicMs() + this.#startOffsetMs)

  /** To be asked a few times a second. By how much the system's clock was set since the last `adopt`, ms; 0: it wasn't. */
  step(): number {
    const { wallMs, monotonicMs } = this.#source
    const before = monotonicMs()
    const wall = wallMs()
    const after = monotonicMs()
    if (after - before > maxReadMs) return 0
    const differenceMs = wall - (after + this.#offsetMs)
    if (Math.abs(differenceMs) > stepMs) return Math.round(differenceMs)
    this.#offsetMs += Math.max(-slewMs, Math.min(slewMs, differenceMs))
    return 0
  }

  /** From here on it shows the time that was set. */
  adopt(byMs: number): void {
    this.#offsetMs += byMs
    this.#last = 0
  }
}
