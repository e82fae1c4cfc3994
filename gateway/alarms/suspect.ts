import { messageOf, OperationalError } from '../errors.ts'
import type { Entry } from '../journal/journal.ts'

/**
 * Finds the entry that a turn of the desk fails on (design decision 10). What may pass by itself is waited out for ever. After
 * any other error entries are taken singly, and one that fails `tries` times alone is condemned: the next turn quarantines it.
 * A turn that fails without it too quarantines nothing, since then nothing is committed: it wasn't the entry's fault.
 */
const entriesPerTurn = 256
const tries = 3

export class Suspect {
  #limit = entriesPerTurn
  #seq: number | undefined
  #failures = 0
  #reason = ''

  /** How many entries the next turn may take. */
  get limit(): number {
    return this.#limit
  }

  /** Why this entry must be quarantined; undefined when it may be taken. */
  condemned(seq: number): string | undefined {
    return seq === this.#seq && this.#failures >= tries ? this.#reason : undefined
  }

  failed(entries: readonly Entry[], error: unknown): void {
    const [first, ...more] = entries
    if (first === undefined || (error instanceof OperationalError && error.retryable)) return
    this.#limit = 1
    if (more.length > 0) return
    this.#failures = first.seq === this.#seq ? this.#failures + 1 : 1
    this.#seq = first.seq
    this.#reason = messageOf(error)
  }

  passed(): void {
    this.#limit = Math.min(entriesPerTurn, this.#limit * 2)
    this.#seq = undefined
  }
}
