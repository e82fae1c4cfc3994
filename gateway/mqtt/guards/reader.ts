import type { Duplex } from 'node:stream'
import type { Client } from 'aedes'
import type { Line, Member } from './line.ts'
import type { Reading } from './reading.ts'

/** Packets of one connection that wait for their answer before it is read on, and bytes of its publishes. */
const maxOpen = 1000
const maxWaitingBytes = 1_048_576
const nothing = Buffer.alloc(0)

/** aedes' inside, as far as reading goes; test/contract/aedes.test.ts pins it. */
type Inside = {
  conn: Duplex
  connected: boolean
  closed: boolean
  /** Packets that were parsed and not answered: what aedes counts up with each, and asks `_nextBatch` to count down. */
  _parsingBatch: number
  _nextBatch: (error?: Error) => void
  _paused: boolean
  _keepaliveInterval: number
  _keepaliveTimer: NodeJS.Timeout
  resume(): void
  _parser: Parser
}
type Parser = { reader: Reader; parse(bytes: Buffer): number; _parseHeader(): boolean }

/**
 * The reading of one connection, in aedes' place: aedes parses all that a socket holds at once, and reads on whenever packets
 * are answered. Here its parser stops before the next packet when the visit's share is used up; what it has been given stays
 * with it, and the rest in the socket.
 */
export class Reader implements Member<Reader> {
  readonly client: Client
  readonly #inside: Inside
  #left = 0
  /** Its parser stopped before a packet that it has. */
  #isStopped = false
  #waitingBytes = 0
  /** Packets of its last visit. */
  taken = 0
  /** After its last visit there may be more to read. */
  hasMore = false
  /** It wanted to be read, and has as much waiting as it may. */
  isHeld = false
  /** Since when it has had more to say than its turn; undefined: it hasn't. */
  busySinceMs: number | undefined = undefined
  /** Packets since then. */
  saidWithoutPause = 0
  line: Line<Reader> | undefined = undefined
  ahead: Reader | undefined = undefined
  behind: Reader | undefined = undefined

  readonly #reading: Reading

  constructor(client: Client, reading: Reading) {
    this.client = client
    this.#reading = reading
    const inside = client as unknown as Inside
    this.#inside = inside
    const { conn, _parser: parser } = inside
    conn.removeListener('readable', inside._nextBatch)
    conn.on('readable', () => reading.ask(this))
    conn.once('close', () => reading.left(this))
    client.once('connected', () => this.#keepAlive())
    // aedes begins with one, as it counts the first 'readable' too.
    inside._parsingBatch = 0
    inside._nextBatch = error => {
      inside._parsingBatch--
      if (error) client.emit('error', error)
      else reading.answered(this)
    }
    inside.resume = resume
    parser.reader = this
    parser._parseHeader = parseHeader
  }

  /**
   * Whoever says nothing for one and a half times its keepalive is gone [MQTT-3.1.2-24]. Who isn't read has perhaps said something:
   * it is still there as long as that waits to be read, be it because the disk takes nothing just now.
   */
  #keepAlive(): void {
    const inside = this.#inside
    if (inside._keepaliveInterval <= 0) return
    clearTimeout(inside._keepaliveTimer)
    inside._keepaliveTimer = setTimeout(() => {
      const isWaiting = (this.isHeld || this.line !== undefined) && (this.#isStopped || inside.conn.readableLength > 0)
      if (isWaiting) inside._keepaliveTimer.refresh()
      else this.client.emit('error', new Error('keep alive timeout'))
    }, inside._keepaliveInterval)
  }

  /** Packets that are not done with. */
  get open(): number {
    return this.#inside._parsingBatch
  }

  /** Before CONNACK one packet at a time: what comes behind a CONNECT is read once that is answered. */
  get isFull(): boolean {
    const { connected, _parsingBatch: open } = this.#inside
    return connected ? open >= maxOpen || this.#waitingBytes >= maxWaitingBytes : open > 0
  }

  /** A publish of so many bytes waits for its commit; it costs as much as so many more packets. */
  began(bytes: number, costs: number): void {
    this.#waitingBytes += bytes
    this.#reading.began(costs)
  }

  ended(bytes: number): void {
    this.#waitingBytes -= bytes
    this.#reading.ended()
  }

  /** Takes at most so many packets. False: there was no more than that. */
  read(packets: number): boolean {
    const { conn, connected, closed, _parsingBatch: open, _parser: parser } = this.#inside
    this.hasMore = false
    this.taken = 0
    if (closed) return false
    const hadStopped = this.#isStopped
    // All of it: only an empty stream tells by itself when there is more.
    const bytes = hadStopped ? nothing : (conn.read() as Buffer | null)
    if (bytes === null) return false
    this.#isStopped = false
    const share = connected ? Math.min(packets, maxOpen - open) : 1
    this.#left = share
    parser.parse(bytes)
    this.taken = share - this.#left
    // Where it had stopped, the stream may have told of more while nobody listened.
    const hasMore = this.#isStopped || hadStopped
    // What came behind a CONNECT waited for that, and isn't much for it.
    this.hasMore = connected && hasMore
    return hasMore
  }

  /** Whether the parser may begin the next packet. */
  mayBegin(): boolean {
    this.#isStopped = this.#left === 0
    if (!this.#isStopped) this.#left--
    return !this.#isStopped && !this.#inside.closed
  }
}

/** These are the same for all connections: they cost a connection no memory. aedes would count a packet down that there was not. */
function resume(this: Inside): void {
  this._paused = false
}

function parseHeader(this: Parser): boolean {
  return this.reader.mayBegin() && Object.getPrototypeOf(this)._parseHeader.call(this)
}

/** The reader of a connection that Reading.attach was given. */
export const readerOf = (client: Client): Reader => (client as unknown as Inside)._parser.reader
