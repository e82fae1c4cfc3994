/**
 * How many packets are taken from those who have more to say than their turn. A flood takes all of a processor otherwise, and what
 * an alarm does in each of its steps waits behind it for its share of that. Those with little to say are always read, partly at the
 * expense of the others: what they take counts, but at least half of what can be saved is left.
 */
const savedForMs = 100
/** Spent, it gathers for so long: what is taken a few at a time costs a turn of the loop and a commit each time. */
const pauseMs = 5

export class Allowance {
  readonly #perMs: number
  readonly #most: number
  #left: number
  #seenMs: number
  #isSpent = false

  constructor(perSecond: number, nowMs: number) {
    this.#perMs = perSecond / 1000
    this.#most = this.#perMs * savedForMs
    this.#left = this.#most
    this.#seenMs = nowMs
  }

  /** Nothing is allowed until `gain` has brought enough. */
  get isSpent(): boolean {
    return this.#isSpent
  }

  /** What came in since the last time; as much as in `savedForMs` is kept. */
  gain(nowMs: number): void {
    this.#left = Math.min(this.#most, this.#left + (nowMs - this.#seenMs) * this.#perMs)
    this.#seenMs = nowMs
    if (this.#left >= this.#perMs * pauseMs) this.#isSpent = false
  }

  /** Debts end with what would have been saved. */
  spend(packets: number): void {
    this.#left = Math.max(-this.#most, this.#left - packets)
    if (this.#left <= 0) this.#isSpent = true
  }

  /** Of those with little to say. */
  spendOnFirst(packets: number): void {
    this.#left = Math.max(Math.min(this.#left, this.#most / 2), this.#left - packets)
  }
}
