import { messageOf, OperationalError } from '../errors.ts'
import type { Entry } from '../journal/journal.ts'

/**
 * Finds the entry that a turn of the desk fails on (design decision 10). What may pass by itself is waited out for ever. After
 * any other error entries are taken singly; when one fails `tries` times alone, the next turn leaves it out at once. If that
 * turn passes it was the entry, which is quarantined; if it fails too the disk is sick, and the entry is tried again.
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

  /** No turn has failed lately. */
  get isNone(): boolean {
    return this.#failures === 0 && this.#limit === entriesPerTurn
  }

  /** The next turn leaves an entry out, and shows nothing unless it follows at once. */
  get leavesOut(): boolean {
    return this.#failures >= tries
  }

  /** Why this entry is left out; undefined when it is to be taken. */
  condemned(seq: number): string | undefined {
    return this.leavesOut && seq === this.#seq ? this.#reason : undefined
  }

  /** `entries`: those of the turn that failed. */
  failed(entries: readonly Entry[], error: unknown): void {
    const [first, ...more] = entries
    const wasLeftOut = this.leavesOut
    if (wasLeftOut || first?.seq !== this.#seq) this.#failures = 0
    if (wasLeftOut || first === undefined || (error instanceof OperationalError && error.retryable)) return
    this.#limit = 1
    if (more.length > 0) return
    this.#failures++
    this.#seq = first.seq
    this.#reason = messageOf(error)
  }

  passed(): void {
    this.#limit = Math.min(entriesPerTurn, this.#limit * 2)
    this.#failures = 0
  }
}
