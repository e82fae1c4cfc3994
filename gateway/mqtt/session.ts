import type { Identity } from './authorize.ts'

/** What the broker knows of one connection. */
export class Session {
  readonly identity: Identity
  /** Publishes that wait for their commit. */
  waiting = 0
  /** It subscribed to its ack topic. */
  wantsAck = false

  constructor(identity: Identity) {
    this.identity = identity
  }

  subscribed(filters: readonly string[]): void {
    if (this.identity.role === 'device' && filters.includes(`${this.identity.prefix}/ack`)) this.wantsAck = true
  }

  unsubscribed(filters: readonly string[]): void {
    if (this.identity.role === 'device' && filters.includes(`${this.identity.prefix}/ack`)) this.wantsAck = false
  }
}
