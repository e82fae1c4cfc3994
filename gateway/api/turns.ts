/**
 * Whose turn it is with what only a few can do at once: questions that read the disk. Round robin over keys, so that a
 * hundred questions of one token come between those of another, not before them. Bounded: who finds too many before him
 * is not let in.
 */
export class Turns {
  readonly #limits: { atOnce: number; waitingPerKey: number; waitingInAll: number }
  /** In the order in which keys come next. */
  readonly #lines = new Map<string, (() => void)[]>()
  #running = 0
  #waiting = 0

  constructor(limits: { atOnce: number; waitingPerKey: number; waitingInAll: number }) {
    this.#limits = limits
  }

  /** Resolves to true when it is this one's turn, which then must end with `done`. */
  async take(key: string): Promise<boolean> {
    const { atOnce, waitingPerKey, waitingInAll } = this.#limits
    if (this.#running < atOnce) {
      this.#running++
      return true
    }
    const line = this.#lines.get(key) ?? []
    if (line.length >= waitingPerKey || this.#waiting >= waitingInAll) return false
    this.#lines.set(key, line)
    this.#waiting++
    await new Promise<void>(resolve => line.push(resolve))
    return true
  }

  /** Hands the turn on. */
  done(): void {
    const next = this.#lines.entries().next().value
    if (next === undefined) {
      this.#running--
      return
    }
    const [key, line] = next
    const resolve = line.shift() as () => void
    this.#lines.delete(key)
    if (line.length > 0) this.#lines.set(key, line)
    this.#waiting--
    resolve()
  }
}
