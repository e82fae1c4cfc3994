import type { LoggedIn } from './authenticate.ts'
import type { Identity } from './authorize.ts'
import type { Reader } from './guards/reader.ts'
import type { Subscriptions } from './guards/subscriptions.ts'

/** What the broker knows of one connection. */
export class Session {
  readonly identity: Identity
  /** Of the secret that it gave. */
  readonly digest: Buffer | undefined
  /** Where publishes that wait for their commit are counted. */
  readonly reader: Pick<Reader, 'began' | 'ended'>
  /** It has been reported as connected, and not as gone. */
  isConnected = false
  readonly #subscriptions: Subscriptions
  readonly #ackTopic: string | undefined

  constructor({ identity, digest }: LoggedIn, subscriptions: Subscriptions, reader: Pick<Reader, 'began' | 'ended'>) {
    this.identity = identity
    this.digest = digest
    this.#subscriptions = subscriptions
    this.reader = reader
    this.#ackTopic = identity.role === 'device' ? `${identity.prefix}/ack` : undefined
  }

  /** The topic that it asked to be told on what became of its publishes, or undefined. */
  get ackTopic(): string | undefined {
    return this.#ackTopic !== undefined && this.#subscriptions.has(this.#ackTopic) ? this.#ackTopic : undefined
  }
}
