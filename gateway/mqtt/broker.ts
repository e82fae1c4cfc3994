import { createServer, type Server, type Socket } from 'node:net'
import {
  Aedes,
  type AuthenticateError,
  type Client,
  type ConnectPacket,
  type PublishPacket,
  type Subscription,
} from 'aedes'
import type { Ack } from '../../schemas/ack.ts'
import { kindOfLeaf, parseTopic } from '../../schemas/topics.ts'
import { type Clock, iso } from '../clock.ts'
import type { Registry } from '../devices/registry.ts'
import { messageOf } from '../errors.ts'
import type { Journal, Outcome, Publish } from '../journal/journal.ts'
import type { Log } from '../log.ts'
import { admit } from './admit.ts'
import { login, notAuthorized } from './authenticate.ts'
import { type Identity, leafOf, maySubscribe } from './authorize.ts'
import { capPacketSize, holdReadsWhile } from './guard.ts'
import { Session } from './session.ts'

/**
 * The gateway's own MQTT broker: aedes with the journal in its publish path.
 *
 * PUBACK after commit: aedes writes the PUBACK of a QoS 1 publish before it calls `publish()`, so the one place to wait for
 * the disk is `authorizePublish`, whose callback lets the PUBACK go (design decision 3). It is never async and never
 * throws: a throw there ends the process, a rejected promise never acknowledges. The journal answers in order, so PUBACKs
 * leave in the order of the publishes [MQTT-4.6.0-2].
 */
export type BrokerOptions = {
  journal: Journal
  registry: () => Registry
  clock: Clock
  log: Log
  retentionMs: number
  maxPayloadBytes: number
  /** Any packet of a device is a sign of life. */
  onSeen: (device: string, at: number) => void
  onConnected: (device: string, connected: boolean) => void
}

/** Topic, its length and the packet id; a real one has at most 2 × 64 characters of ids in it. */
const overheadBytes = 512
/** Publishes of one client that wait for their commit before its socket isn't read on. */
const maxWaitingPerClient = 1000
/** Bytes that a slow subscriber may leave unread; beyond them its messages are dropped, and after `drainTimeout` it is cut. */
const maxUnreadBytes = 1_048_576
/** A device that asks for no keepalive, or for a longer one, still gets an end: a half-open connection must not stay. */
const maxKeepaliveS = 600

export class Broker extends Aedes {
  readonly #options: BrokerOptions
  readonly #sessions = new WeakMap<object, Session>()
  readonly #watchers = new Set<object>()
  #server: Server | undefined
  #taking = true

  constructor(options: BrokerOptions) {
    super({
      concurrency: 0,
      drainTimeout: 5000,
      connectTimeout: 10_000,
      maxClientsIdLength: 64,
      preConnect: (_client, packet, done) => this.#preConnect(packet, done),
      authenticate: (client, username, password, done) => this.#authenticate(client, username, password, done),
      authorizePublish: (client, packet, done) => this.#authorizePublish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => this.#authorizeSubscribe(client, subscription, done),
      authorizeForward: (client, packet) => ((client.conn as Socket).writableLength > maxUnreadBytes ? null : packet),
    })
    this.#options = options
    const handle = this.handle
    this.handle = (stream, request) => {
      const client = handle(stream, request)
      capPacketSize(client, options.maxPayloadBytes + overheadBytes)
      return client
    }
    this.on('clientReady', client => this.#ready(client))
    this.on('clientDisconnect', client => this.#gone(client))
    this.on('ping', (_packet, client) => this.#seen(client))
    this.on('subscribe', (subscriptions, client) => this.#subscribed(subscriptions, client))
    this.on('unsubscribe', (filters, client) => this.#sessions.get(client)?.unsubscribed(filters))
    this.on('clientError', (client, error) => this.#refused(client, error))
    this.on('connectionError', (client, error) => this.#refused(client, error))
  }

  /** Returns the real port. */
  async open(host: string, port: number): Promise<number> {
    await this.listen()
    const server = createServer({ noDelay: true }, socket => this.handle(socket))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
    return (server.address() as { port: number }).port
  }

  /** From here on nothing is taken: no connection, and no publish, which its device keeps and sends again. */
  stopTaking(): void {
    this.#taking = false
    this.#server?.close()
  }

  /** Closes each connection. What was taken must have been committed before: its PUBACKs are still written. */
  end(): Promise<void> {
    return new Promise(resolve => this.close(resolve))
  }

  /**
   * Nobody watches ingest topics but a monitor: without one a publish ends here, with no fan-out work per event. With one,
   * it sees what devices say on their own topics, and nothing that only the gateway may say (ack, command).
   */
  override publish(...given: Parameters<Aedes['publish']>): void {
    const [packet, , done] = given as unknown as [PublishPacket, Client, (error?: Error) => void]
    if ((given as unknown[]).length === 3 && (this.#watchers.size === 0 || !isIngest(packet.topic))) done()
    else super.publish(...given)
  }

  #preConnect(packet: ConnectPacket, done: (error: Error | null, success: boolean) => void): void {
    // Clean sessions only (design decision 5): a session that is kept holds messages without end for a device that left.
    packet.clean = true
    const asked = packet.keepalive ?? 0
    packet.keepalive = asked === 0 ? maxKeepaliveS : Math.min(asked, maxKeepaliveS)
    // A will of QoS 3 is taken by aedes and later disconnects every subscriber it reaches.
    if (Number(packet.will?.qos ?? 0) > 2) done(new Error('will of QoS 3'), false)
    else done(null, true)
  }

  #authenticate(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const found = login(this.#options.registry(), client.id, username, password)
    const refuse = (returnCode: number, why: string) => done(Object.assign(new Error(why), { returnCode }), false)
    if ('returnCode' in found) {
      refuse(found.returnCode, found.why)
      return
    }
    const will = (client as unknown as { _will?: { topic: string; retain: boolean } })._will
    if (will !== undefined && leafOf(found.identity, will.topic) === undefined) {
      refuse(notAuthorized, "the will's topic is not the device's own")
      return
    }
    const session = new Session(found.identity)
    this.#sessions.set(client, session)
    holdReadsWhile(client, () => session.waiting >= maxWaitingPerClient)
    done(null, true)
  }

  #authorizePublish(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    const session = client === null ? undefined : this.#sessions.get(client)
    const { identity } = session ?? {}
    const leaf = identity === undefined ? undefined : leafOf(identity, packet.topic)
    if (session === undefined || identity?.role !== 'device' || leaf === undefined) {
      done(new Error('foreign topic'))
      return
    }
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload)
    if (payload.length > this.#options.maxPayloadBytes) {
      done(new Error('payload too large'))
      return
    }
    // Neither taken nor refused: an error would end the connection while PUBACKs of earlier publishes are on their way.
    if (!this.#taking) return
    // `retain` on device topics is ignored (contract 2).
    packet.retain = false
    const receivedAt = this.#options.clock()
    this.#options.onSeen(identity.device, receivedAt)
    const verdict = admit(leaf, payload, receivedAt, this.#options.retentionMs)
    const siteKind = this.#options.registry().device(identity.device)?.siteKind ?? 'checkpoint'
    // A copy: the payload is a view of its whole 64 KiB chunk and would hold it in memory.
    const came = {
      receivedAt,
      site: identity.site,
      siteKind,
      device: identity.device,
      payload: Uint8Array.prototype.slice.call(payload),
    }
    const publish: Publish =
      'reason' in verdict
        ? { ...came, topic: packet.topic.slice(0, 256), reason: verdict.reason }
        : { ...came, ...verdict }
    session.waiting++
    this.#options.journal.append(publish, (error, outcome) => {
      session.waiting--
      // Never acknowledged: the connection ends and the device sends again when it is back.
      if (error !== null || outcome === undefined) {
        done(error ?? new Error('no outcome'))
        return
      }
      done()
      if (session.wantsAck) this.#acknowledge(identity.prefix, verdict, outcome)
    })
  }

  #acknowledge(prefix: string, verdict: ReturnType<typeof admit>, outcome: Outcome): void {
    const reason = 'reason' in verdict ? { reason: verdict.reason } : {}
    const ack: Ack = {
      id: verdict.id,
      result: outcome.result,
      seq: outcome.seq,
      ...reason,
      now: iso(this.#options.clock()),
    }
    const packet = {
      cmd: 'publish',
      topic: `${prefix}/ack`,
      payload: JSON.stringify(ack),
      qos: 1,
      retain: false,
      dup: false,
    } as const
    super.publish(packet, error => {
      if (error) this.#options.log.warn({ err: messageOf(error) }, 'ack.unsent')
    })
  }

  #authorizeSubscribe(
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, subscription?: Subscription | null) => void,
  ): void {
    const session = this.#sessions.get(client)
    const allowed = session !== undefined && maySubscribe(session.identity, subscription.topic)
    // null is SUBACK 0x80 for this filter; the connection goes on [MQTT-3.9.3-1].
    done(null, allowed ? subscription : null)
  }

  #subscribed(subscriptions: Subscription[], client: Client): void {
    const session = this.#sessions.get(client)
    session?.subscribed(subscriptions.map(({ topic }) => topic))
    if (session?.identity.role === 'monitor') this.#watchers.add(client)
  }

  #ready(client: Client): void {
    const identity = this.#identity(client)
    if (identity?.role !== 'device') return
    this.#seen(client)
    this.#options.onConnected(identity.device, true)
  }

  #gone(client: Client): void {
    this.#watchers.delete(client)
    const identity = this.#identity(client)
    if (identity?.role === 'device') this.#options.onConnected(identity.device, false)
  }

  #seen(client: Client): void {
    const identity = this.#identity(client)
    if (identity?.role === 'device') this.#options.onSeen(identity.device, this.#options.clock())
  }

  /** One line per connection: aedes reports an error per pending packet. */
  #refused(client: Client, error: Error): void {
    const identity = this.#identity(client)
    const device = identity?.role === 'device' ? { device: identity.device } : {}
    this.#options.log.debug({ ...device, why: error.message }, 'connection.closed')
  }

  #identity(client: Client): Identity | undefined {
    return this.#sessions.get(client)?.identity
  }
}

const isIngest = (topic: string): boolean => kindOfLeaf(parseTopic(topic)?.leaf ?? '') !== undefined
