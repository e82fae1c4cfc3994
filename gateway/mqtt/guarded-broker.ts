import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Aedes, type AuthenticateHandler, type AuthorizePublishHandler, type Client, type ConnectPacket } from 'aedes'
import { ConnectionLimits, type Limits } from './guards/connection-limits.ts'
import { isBrokersOwn } from './guards/filters.ts'
import { parsingRules } from './guards/parsing.ts'
import { Reading, type ReadingOptions } from './guards/reading.ts'
import { capQos, Subscriptions } from './guards/subscriptions.ts'

/**
 * aedes behind the guards that it lacks: the rules of MQTT 3.1.1 that it doesn't keep, and a bound on everything that a
 * stranger or a client decides the size of. What a gateway wants of its devices is no part of this: that is the policy's.
 */
export type Policy = {
  /** What it puts above the wishes of a CONNECT, by changing it. */
  settle?: (packet: ConnectPacket) => void
  authenticate: AuthenticateHandler
  authorizePublish: AuthorizePublishHandler
  maySubscribe: (client: Client, filter: string) => boolean
  /** Why a connection from this address isn't looked at; undefined: it is. */
  refuse?: (address: string | undefined) => string | undefined
}
export type GuardOptions = {
  maxPacketBytes: number
  limits: Limits
  connectTimeoutMs?: number
  reading?: ReadingOptions
}

/** A CONNECT of the contract has under 1 KiB. A will's payload may come on top. */
const maxConnectBytes = 8192
const defaultConnectTimeoutMs = 10_000
/** A client that asks for no keepalive, or for a longer one, still gets an end: a half-open connection must not stay. */
const maxKeepaliveS = 600
/** Filters that one client may hold at a time. A device needs two. */
const maxFilters = 32
/** Bytes that a slow subscriber may leave unread; beyond them its messages are dropped, and after `drainTimeoutMs` it is cut. */
const maxUnreadBytes = 1_048_576
const drainTimeoutMs = 5000

export class GuardedBroker extends Aedes {
  readonly #limits: ConnectionLimits
  readonly reading: Reading
  readonly #subscriptions = new WeakMap<Client, Subscriptions>()
  /** Who waits for a client's end, to take its id. */
  readonly #successors = new Map<Client, (() => void)[]>()

  constructor(policy: Policy, { maxPacketBytes, limits, connectTimeoutMs, reading }: GuardOptions) {
    super({
      // Else a hundred deliveries to frozen subscribers would hold up all others.
      concurrency: 0,
      drainTimeout: drainTimeoutMs,
      connectTimeout: connectTimeoutMs ?? defaultConnectTimeoutMs,
      maxClientsIdLength: 64,
      preConnect: (_client, packet, done) => {
        policy.settle?.(packet)
        packet.keepalive = Math.min(packet.keepalive || maxKeepaliveS, maxKeepaliveS)
        done(null, true)
      },
      authenticate: (client, username, password, done) =>
        policy.authenticate(client, username, password, (error, isIn) => {
          if (error === null && isIn === true) this.#letIn(client, () => done(null, true))
          else done(error, isIn)
        }),
      authorizePublish: policy.authorizePublish,
      authorizeSubscribe: (client, subscription, done) => {
        const { topic, qos } = subscription
        const isGranted =
          !isBrokersOwn(topic) &&
          policy.maySubscribe(client, topic) &&
          this.subscriptionsOf(client).grant(topic, qos, maxFilters)
        // null is SUBACK 0x80 for this filter; the connection goes on [MQTT-3.9.3-1]. `capQos` has the QoS that is granted; aedes, which
        // would lower it by a filter without wildcards alone, does as if it were 2.
        done(null, isGranted ? { ...subscription, qos: 2 } : null)
      },
      authorizeForward: (client, packet) => ((client.conn as Duplex).writableLength > maxUnreadBytes ? null : packet),
    })
    this.#limits = new ConnectionLimits(limits)
    this.reading = new Reading(reading)
    const guard = parsingRules({ maxPacketBytes, maxConnectBytes })
    const handle = this.handle
    this.handle = (stream, request) => {
      const address = addressOf(stream, request)
      const refusal = policy.refuse?.(address) ?? this.#limits.enter(stream, address)
      // A client is made of it all the same, as the types promise, and ends at once.
      if (refusal !== undefined) stream.destroy()
      const client = handle(stream, request)
      guard(client)
      this.reading.attach(client)
      if (refusal !== undefined) this.emit('connectionError', client, new Error(refusal))
      return client
    }
    this.on('unsubscribe', (filters, client) => this.#subscriptions.get(client)?.drop(filters))
  }

  override async listen(): Promise<void> {
    await super.listen()
    keepIdsOnly(this)
  }

  subscriptionsOf(client: Client): Subscriptions {
    const known = this.#subscriptions.get(client)
    if (known !== undefined) return known
    const subscriptions = new Subscriptions()
    this.#subscriptions.set(client, subscriptions)
    capQos(client, subscriptions)
    return subscriptions
  }

  /** Ends each connection, also of those who have not logged in. */
  async end(): Promise<void> {
    // PUBACKs that are on their way are corked until the next tick.
    await new Promise(resolve => setImmediate(resolve))
    this.#limits.closeWaiting()
    await new Promise<void>(resolve => this.close(resolve))
  }

  /**
   * A client id has one connection: a newcomer's ends the old one [MQTT-3.1.4-2]. It is let in when that is over and its will
   * is published, so what the new one says comes behind it: the last word on a device must be the living one's.
   */
  #letIn(client: Client, done: () => void): void {
    const stream = client.conn as Duplex
    this.#limits.loggedIn(stream, addressOf(stream, client.req))
    // The ids of messages to it; aedes begins anywhere.
    if (client.clean) (client as unknown as { _nextId: number })._nextId = 1
    const old = this.clients[client.id]
    if (old === undefined || client.closed) done()
    else this.#afterEndOf(old, done)
  }

  #afterEndOf(old: Client, then: () => void): void {
    const waiting = this.#successors.get(old)
    if (waiting === undefined) this.#successors.set(old, [then])
    else waiting.push(then)
    old.close()
  }

  /** aedes registers a client that has been closed meanwhile, for ever; and one whose predecessor is still about to leave, which then takes it along. */
  registerClient(client: Client): void {
    if (client.closed) return
    const old = this.clients[client.id]
    if (old !== undefined && old !== client) this.#afterEndOf(old, () => this.registerClient(client))
    else inherited.registerClient.call(this, client)
  }

  /** aedes asks it for whoever ends, if its id is registered: also where that is another's connection by now. */
  unregisterClient(client: Client): void {
    if (this.clients[client.id] !== client) return
    inherited.unregisterClient.call(this, client)
    const waiting = this.#successors.get(client) ?? []
    this.#successors.delete(client)
    for (const then of waiting) then()
  }
}

/** Not in aedes' types. */
declare module 'aedes' {
  interface Aedes {
    clients: Record<string, Client>
  }
}
const inherited = Aedes.prototype as unknown as Record<'registerClient' | 'unregisterClient', (client: Client) => void>

const addressOf = (stream: Duplex, request: IncomingMessage | undefined): string | undefined =>
  (stream as { remoteAddress?: string }).remoteAddress ?? request?.socket.remoteAddress

/**
 * Until its PUBREL a QoS 2 publish is known by its packet id alone: with its payload, and the 64 KiB chunk that it came in, a few
 * clients that never release theirs would fill the memory. It has been handed on before.
 */
function keepIdsOnly(broker: Aedes): void {
  type Stored = { payload: Buffer | string }
  const { persistence } = broker as unknown as {
    persistence: { incomingStorePacket(client: Client, packet: Stored): Promise<void> }
  }
  const store = persistence.incomingStorePacket.bind(persistence)
  persistence.incomingStorePacket = (client, packet) => {
    const { payload } = packet
    packet.payload = ''
    const stored = store(client, packet)
    packet.payload = payload
    return stored
  }
}
