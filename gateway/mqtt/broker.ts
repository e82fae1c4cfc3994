import type { Server } from 'node:net'
import type { Aedes, AuthenticateError, Client, PublishPacket } from 'aedes'
import type { Ack } from '../../schemas/ack.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import type { Indicate } from '../../schemas/command.ts'
import { kindOfLeaf, parseTopic, topics } from '../../schemas/topics.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { endedBy, login, settle } from './authenticate.ts'
import { type Identity, maySubscribe } from './authorize.ts'
import { GuardedBroker } from './guarded-broker.ts'
import type { Limits } from './guards/connection-limits.ts'
import { readerOf } from './guards/reader.ts'
import { Intake, type IntakeOptions } from './intake.ts'
import { listen, type Secure } from './listen.ts'
import { LoginDoor, type LoginDoorOptions } from './login-door.ts'
import { certificateNameOf } from './peer.ts'
import { Session } from './session.ts'
import { WebSocketDoor } from './websocket.ts'

/**
 * The gateway's own MQTT broker: aedes behind its guards (guarded-broker.ts), with the journal in its publish path. What stands here
 * is the gateway's policy: who may say and hear what.
 *
 * PUBACK after commit: aedes writes the PUBACK of a QoS 1 publish before it calls `publish()`, so the one place to wait for
 * the disk is `authorizePublish`, whose callback lets the PUBACK go (design decision 3). It is never async and never
 * throws: a throw there ends the process, a rejected promise never acknowledges.
 */
export type BrokerOptions = Omit<IntakeOptions, 'sendAck'> &
  LoginDoorOptions & {
    log: Log
    /** It has sent more than its share for half a minute without a pause. */
    onFlooding?: (device: string) => void
    /** Whether whoever floods should wait now: an alarm is under way. */
    yields?: () => boolean
    onConnected: (device: string, connected: boolean) => void
    /** It has subscribed to its commands: it wants to know of what is open now. */
    onWantsCommands: (device: string) => void
    limits: Limits
    /** Of devices that have more to say than their turn; no limit where none is given. */
    maxEventsPerSecond?: number
  }

/** Topic, its length and the packet id; a real one has at most 2 × 64 characters of ids in it. */
const overheadBytes = 512
/** A device that is refused comes again and again; its log has one line in so many milliseconds. */
const refusalLogMs = 60_000

export class Broker extends GuardedBroker {
  readonly #options: BrokerOptions
  readonly #intake: Intake
  readonly #door: LoginDoor
  readonly #sessions = new WeakMap<object, Session>()
  readonly #watchers = new Set<object>()
  readonly #toldAt = new Map<string, number>()
  readonly #servers: Server[] = []
  /** MQTT over WebSocket comes in through the HTTP server. */
  readonly webSocket: WebSocketDoor

  constructor(options: BrokerOptions) {
    const maxPacketBytes = options.maxPayloadBytes + overheadBytes
    super(
      {
        settle,
        authenticate: (client, username, password, done) => this.#authenticate(client, username, password, done),
        authorizePublish: (client, packet, done) =>
          this.#intake.take(client && this.#sessions.get(client), packet, client?.closed === true, done),
        maySubscribe: (client, filter) => this.#maySubscribe(client, filter),
        refuse: address => this.#door.refuse(address),
      },
      {
        maxPacketBytes,
        limits: options.limits,
        reading: {
          onFlooding: client => this.#flooding(client),
          ...(options.yields && { yields: options.yields }),
          ...(options.maxEventsPerSecond && { maxEventsPerSecond: options.maxEventsPerSecond }),
        },
      },
    )
    this.#options = options
    this.#door = new LoginDoor(options)
    this.#intake = new Intake({ ...options, sendAck: (topic, ack) => this.#say(topic, ack) })
    this.webSocket = new WebSocketDoor({
      onConnection: (stream, request) => this.handle(stream, request),
      maxPacketBytes,
    })
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
    this.on('unsubscribe', (_filters, client) => {
      if (this.subscriptionsOf(client).size === 0) this.#watchers.delete(client)
    })
    this.on('clientError', (client, error) => this.#refused(client, error))
    this.on('connectionError', (client, error) => this.#refused(client, error))
  }

  /** Once for each port; with `secure` it speaks TLS. Returns the real port. Throws OperationalError `mqtt-listen`. */
  async open(host: string, port: number, secure?: Secure): Promise<number> {
    if (this.#servers.length === 0) await this.listen()
    const opened = await listen({ host, port, ...(secure && { secure }) }, socket => this.handle(socket))
    this.#servers.push(opened.server)
    return opened.port
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

  /**
   * Another registry is in force: who could not log in by it as what it is, is cut at once. Returns how many. Its will isn't
   * published: that was its word while it was trusted, and may be an alarm.
   */
  cutStrangers(): number {
    return Object.values(this.clients).filter(client => this.#cutIfStranger(client)).length
  }

  /** Whether it is connected with the current one of its secrets, and not with the one before. */
  usesCurrentSecret(device: string): boolean {
    const client = this.clients[device]
    const digest = client && this.#sessions.get(client)?.digest
    return digest !== undefined && this.#options.registry().device(device)?.secretDigest.equals(digest) === true
  }

  #cutIfStranger(client: Client): boolean {
    const session = this.#sessions.get(client)
    const why = session && endedBy(this.#options.registry(), session)
    if (why === undefined) return false
    const { identity } = session as Session
    this.#options.log.info(identity.role === 'device' ? { device: identity.device, why } : { why }, 'connection.cut')
    // As if it had said goodbye: aedes drops the will then.
    ;(client as unknown as { _disconnected: boolean })._disconnected = true
    client.close()
    return true
  }

  /** From here on nothing is taken: no connection, and no publish, which its device keeps and sends again. */
  stopTaking(): void {
    this.#intake.stopTaking()
    this.webSocket.stopTaking()
    for (const server of this.#servers) server.close()
  }

  /** What was taken must have been committed before: its PUBACKs are still written. */
  override async end(): Promise<void> {
    await super.end()
    this.webSocket.end()
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
    const found = login(this.#options.registry(), {
      clientId: client.id,
      username,
      password,
      willTopic,
      certificateName: certificateNameOf(client),
    })
    if ('returnCode' in found) {
      this.#door.failed(client, username, found, done)
      return
    }
    this.#sessions.set(client, new Session(found, this.subscriptionsOf(client), readerOf(client)))
    this.webSocket.loggedIn(client.conn)
    done(null, true)
  }

  #maySubscribe(client: Client, filter: string): boolean {
    const identity = this.#identity(client)
    if (identity === undefined || !maySubscribe(identity, filter)) return false
    if (identity.role === 'monitor') this.#watchers.add(client)
    return true
  }

  #say(topic: string, said: Ack | Indicate): void {
    const payload = JSON.stringify(said)
    super.publish({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false }, error => {
      if (error) this.#options.log.warn({ err: messageOf(error) }, 'device.untold')
    })
  }

  #ready(client: Client): void {
    const session = this.#sessions.get(client)
    // aedes says so of a client too that was gone before all of its welcome was said.
    // One that waited for its predecessor's end while the registry was replaced.
    if (client.closed || this.#cutIfStranger(client) || session?.identity.role !== 'device') return
    session.isConnected = true
    this.#seen(client)
    this.#options.onConnected(session.identity.device, true)
  }

  #gone(client: Client): void {
    this.#watchers.delete(client)
    const session = this.#sessions.get(client)
    if (session?.identity.role !== 'device' || !session.isConnected) return
    session.isConnected = false
    this.#options.onConnected(session.identity.device, false)
  }

  #flooding(client: Client): void {
    const identity = this.#identity(client)
    if (identity?.role === 'device') this.#options.onFlooding?.(identity.device)
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
