import type { Identity } from './authorize.ts'

/** Publishes of one client that wait for their commit before its socket isn't read on. */
const maxWaiting = 1000
const maxWaitingBytes = 1_048_576
/** Filters that one client may hold at a time. A device needs two. */
const maxFilters = 32

/** What the broker knows of one connection. */
export class Session {
  readonly identity: Identity
  readonly #filters = new Set<string>()
  readonly #ackTopic: string | undefined
  #waiting = 0
  #waitingBytes = 0

  constructor(identity: Identity) {
    this.identity = identity
    this.#ackTopic = identity.role === 'device' ? `${identity.prefix}/ack` : undefined
  }

  /** A publish of so many bytes begins to wait for its commit. */
  began(bytes: number): void {
    this.#waiting++
    this.#waitingBytes += bytes
  }

  ended(bytes: number): void {
    this.#waiting--
    this.#waitingBytes -= bytes
  }

  /** As much waits as may. */
  get isFull(): boolean {
    return this.#waiting >= maxWaiting || this.#waitingBytes >= maxWaitingBytes
  }

  /** False: it holds as many filters as it may. */
  subscribe(filter: string): boolean {
    if (this.#filters.size >= maxFilters && !this.#filters.has(filter)) return false
    this.#filters.add(filter)
    return true
  }

  unsubscribe(filters: readonly string[]): void {
    for (const filter of filters) this.#filters.delete(filter)
  }

  get hasSubscribed(): boolean {
    return this.#filters.size > 0
  }

  /** The topic that it asked to be told on what became of its publishes, or undefined. */
  get ackTopic(): string | undefined {
    return this.#ackTopic !== undefined && this.#filters.has(this.#ackTopic) ? this.#ackTopic : undefined
  }
}
