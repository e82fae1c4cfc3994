/**
 * An alarm has the right of way: from its arrival until the alarm desk has followed it, whoever floods isn't read and nothing but
 * alarms is sent to the disk. Else each of its few steps waits for its share of a processor that the flood keeps busy.
 *
 * It is lent, not owned: time with the right of way is paid from what gathered while nobody had it, two milliseconds for one, at
 * most `mostMs`. So alarms without end leave at least a third of the time to everything else, and so does a disk that takes nothing.
 */
const mostMs = 100
/** For each millisecond without. */
const gathered = 2

export class RightOfWay {
  readonly #now: () => number
  #creditMs = mostMs
  #seenMs: number
  #wasGiven = false

  /** `monotonicMs`: never set back. */
  constructor(monotonicMs: () => number) {
    this.#now = monotonicMs
    this.#seenMs = monotonicMs()
  }

  /** To be asked again at each step: whether the alarm that is under way has it still. */
  isGiven(isAlarmUnderWay: boolean): boolean {
    if (!isAlarmUnderWay && !this.#wasGiven) return false
    const nowMs = this.#now()
    const passedMs = nowMs - this.#seenMs
    this.#seenMs = nowMs
    this.#creditMs = this.#wasGiven
      ? Math.max(0, this.#creditMs - passedMs)
      : Math.min(mostMs, this.#creditMs + gathered * passedMs)
    // Given back once it is used up, it is lent again for no less than a few milliseconds.
    this.#wasGiven = isAlarmUnderWay && (this.#wasGiven ? this.#creditMs > 0 : this.#creditMs >= mostMs / 10)
    return this.#wasGiven
  }
}
