import type { AuditLine } from './line.ts'

/** Somebody was turned away. `subject`: a known device or account, or null: what a stranger calls himself may be anything, a secret too. */
export type Refusal = {
  what: 'login.refused' | 'api.refused'
  subject: string | null
  /** In the gateway's own words. */
  why: string
  address: string | null
}

const hourMs = 60 * 60_000
/** A log that is never cut must not grow by what a stranger sends: so many lines, then only a count, in each hour. */
const linesPerHour = 60

/** Each refusal is told once an hour; how often it came again, and what came beyond the bound, is counted and told after it. */
export class Refusals {
  readonly #told = new Set<string>()
  readonly #untold = new Map<Refusal['what'], number>()
  #since = Number.NEGATIVE_INFINITY

  /** The lines to be written because of it: most often none. */
  take({ what, subject, why, address }: Refusal, at: number): AuditLine[] {
    const lines = this.#isOver(at) ? this.end(at) : []
    const same = `${what} ${subject} ${why}`
    if (this.#told.has(same) || this.#told.size >= linesPerHour) {
      this.#untold.set(what, (this.#untold.get(what) ?? 0) + 1)
      return lines
    }
    this.#told.add(same)
    lines.push({ at, by: 'gateway', what, subject, details: { why, address } })
    return lines
  }

  /** How many were not told one by one; a new hour begins. */
  end(at: number): AuditLine[] {
    const lines = Array.from(this.#untold, ([what, more]) => ({
      at,
      by: 'gateway',
      what,
      subject: null,
      details: { more },
    }))
    this.#told.clear()
    this.#untold.clear()
    this.#since = at
    return lines
  }

  /** A clock that was set back ends the hour too. */
  #isOver = (at: number): boolean => at - this.#since >= hourMs || at < this.#since
}
