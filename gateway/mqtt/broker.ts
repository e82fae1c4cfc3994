import { createServer, type Server, type Socket } from 'node:net'
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from 'aedes'
import type { Ack } from '../../schemas/ack.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import type { Indicate } from '../../schemas/command.ts'
import { kindOfLeaf, parseTopic, topics } from '../../schemas/topics.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { login, settle } from './authenticate.ts'
import { type Identity, maySubscribe } from './authorize.ts'
import { capPacketSize, holdReadsWhile } from './guard.ts'
import { Intake, type IntakeOptions } from './intake.ts'
import { Session } from './session.ts'

/**
 * The gateway's own MQTT broker: aedes with the journal in its publish path.
 *
 * PUBACK after commit: aedes writes the PUBACK of a QoS 1 publish before it calls `publish()`, so the one place to wait for
 * the disk is `authorizePublish`, whose callback lets the PUBACK go (design decision 3). It is never async and never
 * throws: a throw there ends the process, a rejected promise never acknowledges.
 */
export type BrokerOptions = Omit<IntakeOptions, 'sendAck'> & {
  log: Log
  onConnected: (device: string, connected: boolean) => void
  /** It has subscribed to its commands: it wants to know of what is open now. */
  onWantsCommands: (device: string) => void
}

/** Topic, its length and the packet id; a real one has at most 2 × 64 characters of ids in it. */
const overheadBytes = 512
/** Bytes that a slow subscriber may leave unread; beyond them its messages are dropped, and after `drainTimeout` it is cut. */
const maxUnreadBytes = 1_048_576
const maxConnections = 10_000
/** A device may publish before it has its CONNACK [MQTT-3.1.4, non-normative]; aedes' own 42 would cut one that sends its backlog so. */
const maxBeforeConnack = 1000
/** A device that is refused comes again and again; its log has one line in so many milliseconds. */
const refusalLogMs = 60_000

export class Broker extends Aedes {
  readonly #options: BrokerOptions
  readonly #intake: Intake
  readonly #sessions = new WeakMap<object, Session>()
  readonly #watchers = new Set<object>()
  readonly #toldAt = new Map<string, number>()
  #server: Server | undefined

  constructor(options: BrokerOptions) {
    super({
      concurrency: 0,
      drainTimeout: 5000,
      connectTimeout: 10_000,
      queueLimit: maxBeforeConnack,
      maxClientsIdLength: 64,
      preConnect: (_client, packet, done) => {
        const why = settle(packet)
        done(why === undefined ? null : new Error(why), why === undefined)
      },
      authenticate: (client, username, password, done) => this.#authenticate(client, username, password, done),
      authorizePublish: (client, packet, done) =>
        this.#intake.take(client && this.#sessions.get(client), packet, client?.closed === true, done),
      authorizeSubscribe: (client, subscription, done) =>
        // null is SUBACK 0x80 for this filter; the connection goes on [MQTT-3.9.3-1].
        done(null, this.#subscribe(client, subscription.topic) ? subscription : null),
      authorizeForward: (client, packet) => ((client.conn as Socket).writableLength > maxUnreadBytes ? null : packet),
    })
    this.#options = options
    this.#intake = new Intake({ ...options, sendAck: (topic, ack) => this.#say(topic, ack) })
    const handle = this.handle
    this.handle = (stream, request) => {
      const client = handle(stream, request)
      capPacketSize(client, options.maxPayloadBytes + overheadBytes)
      return client
    }
    this.on('clientReady', client => this.#ready(client))
    this.on('clientDisconnect', client => this.#gone(client))
    this.on('ping', (_packet, client) => this.#seen(client))
    this.on('subscribe', (subscriptions, client) => {
      const identity = this.#sessions.get(client)?.identity
      if (
        identity?.role === 'device' &&
        subscriptions.some(({ topic }) => topic.startsWith(`${identity.prefix}/command/`))
      )
        this.#options.onWantsCommands(identity.device)
    })
    this.on('unsubscribe', (filters, client) => this.#unsubscribe(client, filters))
    this.on('clientError', (client, error) => this.#refused(client, error))
    this.on('connectionError', (client, error) => this.#refused(client, error))
  }

  /** Returns the real port. */
  async open(host: string, port: number): Promise<number> {
    await this.listen()
    const server = createServer({ noDelay: true }, socket => this.handle(socket))
    server.maxConnections = maxConnections
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
    return (server.address() as { port: number }).port
  }

  /**
   * `command/indicate` (contract 2): how far the device's alarm is. Whoever isn't there is told when it subscribes again. A duress alarm shows
   * nothing where it was given: whoever forced it would see.
   */
  indicate(alarm: Alarm, at: string): void {
    if (alarm.trigger === 'duress') return
    const { id: alarmId, stage, incidentNo, site, device } = alarm
    const said: Indicate = { alarmId, stage, at, ...(incidentNo === null ? {} : { incidentNo }) }
    this.#say(topics.indicate({ site: site.id, device: device.id }), said)
  }

  /** From here on nothing is taken: no connection, and no publish, which its device keeps and sends again. */
  stopTaking(): void {
    this.#intake.stopTaking()
    this.#server?.close()
  }

  /** Closes each connection. What was taken must have been committed before: its PUBACKs are still written. */
  async end(): Promise<void> {
    // They are corked until the next tick.
    await new Promise(resolve => setImmediate(resolve))
    await new Promise<void>(resolve => this.close(resolve))
  }

  /**
   * Nobody watches ingest topics but a monitor: without one a publish ends here, with no fan-out work per event. With one,
   * it sees what devices say on their own topics, and nothing that only the gateway may say (ack, command). The device never
   * waits for it: aedes would read on from a device only when the slowest watcher has taken its copy.
   */
  override publish(...given: Parameters<Aedes['publish']>): void {
    const [packet, client, done] = given as unknown as [PublishPacket, Client, (error?: Error) => void]
    // Its types know two arguments; a client's publish has three.
    const toWatchers = [packet, client, () => {}] as unknown as Parameters<Aedes['publish']>
    if ((given as unknown[]).length !== 3) super.publish(...given)
    else {
      done()
      if (this.#watchers.size > 0 && isIngest(packet.topic)) super.publish(...toWatchers)
    }
  }

  #authenticate(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const willTopic = (client as unknown as { _will?: { topic: string } })._will?.topic
    const found = login(this.#options.registry(), { clientId: client.id, username, password, willTopic })
    if ('returnCode' in found) {
      done(Object.assign(new Error(found.why), { returnCode: found.returnCode }), false)
      return
    }
    const session = new Session(found.identity)
    this.#sessions.set(client, session)
    holdReadsWhile(client, () => session.isFull)
    done(null, true)
  }

  #subscribe(client: Client, filter: string): boolean {
    const session = this.#sessions.get(client)
    if (session === undefined || !maySubscribe(session.identity, filter) || !session.subscribe(filter)) return false
    if (session.identity.role === 'monitor') this.#watchers.add(client)
    return true
  }

  #unsubscribe(client: Client, filters: string[]): void {
    const session = this.#sessions.get(client)
    session?.unsubscribe(filters)
    if (session?.hasSubscribed !== true) this.#watchers.delete(client)
  }

  #say(topic: string, said: Ack | Indicate): void {
    const payload = JSON.stringify(said)
    super.publish({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false }, error => {
      if (error) this.#options.log.warn({ err: messageOf(error) }, 'device.untold')
    })
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

  /** aedes reports an error for each pending packet, and a device that is refused comes again: one line a minute tells it. */
  #refused(client: Client, error: Error): void {
    const { clock, log, registry } = this.#options
    const device = registry().device(client.id)?.id
    const now = clock()
    const isNew = now - (this.#toldAt.get(device ?? '') ?? Number.NEGATIVE_INFINITY) >= refusalLogMs
    if (isNew) this.#toldAt.set(device ?? '', now)
    log[isNew ? 'warn' : 'debug']({ device, why: error.message }, 'connection.closed')
  }

  #identity(client: Client): Identity | undefined {
    return this.#sessions.get(client)?.identity
  }
}

const isIngest = (topic: string): boolean => kindOfLeaf(parseTopic(topic)?.leaf ?? '') !== undefined
