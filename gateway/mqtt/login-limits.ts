/**
 * Failed logins. Looking at a secret is one SHA-256, and secrets have 256 bits: nobody guesses one, and refusing to look would
 * lock out the real device, which may come from the same address (a school behind one NAT). So whoever comes with the right
 * secret is let in at once, always, however often others were wrong. What is limited is what failing costs the gateway:
 *
 * - The answer to a wrong login waits, the longer the oftener the same name came from the same address. Who doesn't wait for
 *   answers gets none: beyond a few that wait a wrong login is just closed.
 * - An address that fails very often has so many new connections a second, and no more until it stops. That is far more than
 *   devices need, and too little to keep the gateway busy.
 *
 * Both tables forget whoever was quiet longest, so that a spray of addresses can't fill the memory. Pure: time is an argument.
 */
export const loginLimits = {
  /** Mistakes of one name from one address that are answered at once: of a technician, or of a school where several devices have an old secret. */
  freeFailures: 20,
  firstDelayMs: 250,
  maxDelayMs: 5000,
  /** A name is forgiven after so long without a failure; an address is no longer limited. */
  forgivenAfterMs: 60_000,
  maxWaiting: 500,
  maxWaitingPerAddress: 20,
  /** Failures of an address, without a pause of `forgivenAfterMs`, from which on it is limited. */
  oftenFailures: 200,
  connectionsPerSecond: 100,
  /** Entries of each table. */
  maxKnown: 10_000,
}

type Failing = { failures: number; lastMs: number }
type Address = Failing & { waiting: number; connections: number; connectionsMs: number }

export class LoginLimits {
  readonly #limits: typeof loginLimits
  /** Least recently seen first. */
  readonly #names = new Map<string, Failing>()
  readonly #addresses = new Map<string, Address>()
  #waiting = 0

  constructor(limits: Partial<typeof loginLimits> = {}) {
    this.#limits = { ...loginLimits, ...limits }
  }

  /**
   * `name`: of a known device or account; any other is a stranger. Returns how long its answer waits, ms, and then wants `answered`;
   * undefined: it gets none.
   */
  failed(name: string | undefined, address: string, now: number): number | undefined {
    const { freeFailures, firstDelayMs, maxDelayMs, maxWaiting, maxWaitingPerAddress } = this.#limits
    const from = this.#addressOf(address, now)
    const known = this.#recent(this.#names, `${name ?? ''} ${address}`, now, () => ({ failures: 0, lastMs: now }))
    from.failures++
    known.failures++
    if (this.#waiting >= maxWaiting || from.waiting >= maxWaitingPerAddress) return undefined
    this.#waiting++
    from.waiting++
    const doublings = known.failures - freeFailures - 1
    return doublings < 0 ? 0 : Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(doublings, 30))
  }

  answered(address: string): void {
    this.#waiting--
    const from = this.#addresses.get(address)
    if (from !== undefined && from.waiting > 0) from.waiting--
  }

  /** Whether a new connection of this address is looked at. */
  mayConnect(address: string, now: number): boolean {
    const { oftenFailures, forgivenAfterMs, connectionsPerSecond } = this.#limits
    const from = this.#addresses.get(address)
    if (from === undefined || from.failures < oftenFailures || now - from.lastMs >= forgivenAfterMs) return true
    const regained = (Math.max(0, now - from.connectionsMs) * connectionsPerSecond) / 1000
    from.connections = Math.min(connectionsPerSecond, from.connections + regained)
    from.connectionsMs = now
    if (from.connections < 1) return false
    from.connections--
    return true
  }

  #addressOf(address: string, now: number): Address {
    const { connectionsPerSecond } = this.#limits
    return this.#recent(this.#addresses, address, now, () => ({
      failures: 0,
      lastMs: now,
      waiting: 0,
      connections: connectionsPerSecond,
      connectionsMs: now,
    }))
  }

  #recent<T extends Failing>(table: Map<string, T>, key: string, now: number, make: () => T): T {
    const { forgivenAfterMs, maxKnown } = this.#limits
    const found = table.get(key) ?? make()
    if (now - found.lastMs >= forgivenAfterMs) found.failures = 0
    found.lastMs = now
    table.delete(key)
    table.set(key, found)
    if (table.size > maxKnown) table.delete(table.keys().next().value as string)
    return found
  }

  get known(): number {
    return Math.max(this.#names.size, this.#addresses.size)
  }
}
