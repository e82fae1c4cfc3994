/**
 * A receiver refuses what was signed five minutes from its own time (Standard Webhooks, against replays). So while the clock of
 * the gateway's machine is wrong no alarm would get through. A refusal's `date` says what time the endpoint has; when that is
 * far from the gateway's, what it is sent is signed at its own time from then on.
 *
 * The bound keeps whoever stands between from having a signature made for another day.
 */
const toleratedMs = 60_000
const maxMs = 25 * 60 * 60_000

export class EndpointClocks {
  readonly #aheadMs = new Map<string, number>()

  /** The time to sign at for this endpoint. */
  at(endpoint: string, now: number): number {
    return now + (this.#aheadMs.get(endpoint) ?? 0)
  }

  /** It refused at `now`; `saidAt`: by its own clock. Returns how far ahead that is where it is news, ms. */
  refused(endpoint: string, saidAt: number | undefined, now: number): number | undefined {
    const aheadMs = (saidAt ?? now) - now
    if (Math.abs(aheadMs) <= toleratedMs || Math.abs(aheadMs) > maxMs) {
      this.#aheadMs.delete(endpoint)
      return undefined
    }
    const before = this.#aheadMs.get(endpoint)
    if (before !== undefined && Math.abs(before - aheadMs) <= toleratedMs) {
      // It refuses what was signed at the time that it says, so that isn't its own: a proxy's perhaps. The next is signed at ours again.
      this.#aheadMs.delete(endpoint)
      return undefined
    }
    this.#aheadMs.set(endpoint, aheadMs)
    return aheadMs
  }
}
