import type { Client } from 'aedes'
import { monotonicMs } from '../../clock.ts'
import { Allowance } from './allowance.ts'
import { Line } from './line.ts'
import { Reader } from './reader.ts'

/**
 * Which connection is read next, and how much of it. A packet costs the main thread some 15 µs, one socket holds thousands of them, and a
 * thousand sockets may be full: read as they come they would be seconds before the next alarm's turn. So a turn of the event loop
 * takes a few packets of each, and ends after `turnMs`.
 *
 * - First come those with little to say: nothing of theirs waits, or next to nothing. A panic button is always one of them.
 * - Then those who had more to say than their turn, once all that they said is answered.
 * - The rest, who had more to say than their turn or whose publishes wait for the disk, are read while fewer than
 *   `maxWaiting` publishes wait in all. Beyond it their sockets fill, and TCP makes them wait (MQTT 3.1.1 has no window).
 *   Only one of them is visited every `crowdedEveryMs`: while the disk takes nothing its answers never come, and a press may
 *   stand behind five heartbeats that wait for it.
 * - Nobody has more than its own share waiting (reader.ts).
 * - All but the first are taken no faster than `maxEventsPerSecond` (allowance.ts), beside one that is visited now and then.
 *
 * While an alarm has the right of way (`yields`), or the allowance is spent, those with little to say are read, and one of the others
 * every `crowdedEveryMs`.
 *
 * Nobody is held for ever: whoever isn't read either has packets that are still to be answered, or stands in a line that is
 * taken from, in turn with the other, every `crowdedEveryMs` at the least.
 */
const turnMs = 4
/** Packets of one visit. */
const firstPackets = 4
const restPackets = 16
/** Packets of one connection that may wait for their answer without its being one of the rest. */
const few = 4
/** Publishes of all connections. */
const maxWaiting = 4096
const crowdedEveryMs = 2
/**
 * Whoever had more to say than its turn for so long, without a pause, floods: at once where it has said more than a buffer holds,
 * else after the time in which a fleet that comes back has sent its buffers.
 */
const floodingAfterMs = 30_000
const buffered = 50_000
const surelyFloodingAfterMs = 5 * 60_000

export type ReadingOptions = {
  onFlooding?: (client: Client) => void
  /** Whether whoever floods should wait now: an alarm is under way. */
  yields?: () => boolean
  monotonicMs?: () => number
  /** Unlimited where none is given. */
  maxEventsPerSecond?: number
}

export class Reading {
  readonly #onFlooding: (client: Client) => void
  readonly #yields: () => boolean
  readonly #now: () => number
  readonly #first = new Line<Reader>()
  readonly #answered = new Line<Reader>()
  readonly #rest = new Line<Reader>()
  readonly #allowance: Allowance
  /** The visit under way is one of the first. */
  #isFirst = false
  /** Of the two lines behind the first, the one that is visited next in a crowd. */
  #isRestNext = true
  #waiting = 0
  #full = 0
  #isScheduled = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: ReadingOptions = {}) {
    this.#onFlooding = options.onFlooding ?? (() => {})
    this.#yields = options.yields ?? (() => false)
    this.#now = options.monotonicMs ?? monotonicMs
    this.#allowance = new Allowance(options.maxEventsPerSecond ?? Number.MAX_SAFE_INTEGER, this.#now())
  }

  /** From here on `client` is read only when it is its turn. To be called before its first packet. */
  attach(client: Client): void {
    new Reader(client, this)
  }

  /** Connections that wait now because they have more to say than their share. */
  get throttled(): number {
    if (this.#allowance.isSpent) return this.#full + this.#behindTheFirst
    return this.#full + (this.#isCrowded ? this.#rest.size : 0)
  }

  get #isCrowded(): boolean {
    return this.#waiting >= maxWaiting
  }

  /** Whoever has more to say than its turn waits. */
  get #waits(): boolean {
    return this.#allowance.isSpent || this.#yields()
  }

  get #behindTheFirst(): number {
    return this.#answered.size + this.#rest.size
  }

  /** None of those behind the first may be read. */
  get #isHeldUp(): boolean {
    return this.#waits || (this.#isCrowded && this.#answered.size === 0)
  }

  /** There may be something to read. */
  ask(reader: Reader): void {
    if (reader.line !== undefined || reader.isHeld) return
    if (reader.isFull) {
      reader.isHeld = true
      this.#full++
      return
    }
    const { open, hasMore } = reader
    const line = open > few || (open > 0 && hasMore) ? this.#rest : hasMore ? this.#answered : this.#first
    line.push(reader)
    this.#schedule()
  }

  /** A packet of it is done with. */
  answered(reader: Reader): void {
    if (reader.isHeld) {
      if (reader.isFull) return
      this.#release(reader)
      this.ask(reader)
    } else if (reader.line === this.#rest && reader.open === 0) {
      this.#rest.remove(reader)
      const line = reader.hasMore ? this.#answered : this.#first
      line.push(reader)
      this.#schedule()
    }
  }

  /** A publish waits for its commit. */
  began(costs: number): void {
    this.#waiting++
    if (costs > 0) this.#spend(costs)
  }

  ended(): void {
    this.#waiting--
    if (this.#waiting === maxWaiting - 1 && this.#rest.size > 0) this.#schedule()
  }

  left(reader: Reader): void {
    reader.line?.remove(reader)
    this.#release(reader)
  }

  #release(reader: Reader): void {
    if (!reader.isHeld) return
    reader.isHeld = false
    this.#full--
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    this.#isScheduled = false
    const startedMs = this.#now()
    this.#allowance.gain(startedMs)
    do {
      if (!this.#readNext(startedMs)) break
    } while (this.#now() - startedMs < turnMs)
    if (!this.#waits) this.#readBehindTheFirst(startedMs)
    if (this.#first.size > 0 || (this.#behindTheFirst > 0 && !this.#isHeldUp)) this.#schedule()
    else if (this.#behindTheFirst > 0) this.#timer ??= setTimeout(this.#readOneOfTheCrowd, crowdedEveryMs)
  }

  /** False: nobody may be read. */
  #readNext(nowMs: number): boolean {
    let reader = this.#first.shift()
    this.#isFirst = reader !== undefined
    if (reader === undefined && !this.#waits) reader = this.#answered.shift()
    if (reader === undefined) return this.#readOneOfTheRest(nowMs)
    this.#visit(reader, firstPackets, nowMs)
    this.#isFirst = false
    return true
  }

  /** However many come first, the others move on. */
  #readBehindTheFirst(nowMs: number): void {
    const answered = this.#first.size > 0 ? this.#answered.shift() : undefined
    if (answered !== undefined) this.#visit(answered, firstPackets, nowMs)
    if (this.#first.size + this.#answered.size > 0) this.#readOneOfTheRest(nowMs)
  }

  readonly #readOneOfTheCrowd = (): void => {
    this.#timer = undefined
    const isDiskSlow = this.#isCrowded
    const [next, other] = this.#isRestNext ? [this.#rest, this.#answered] : [this.#answered, this.#rest]
    this.#isRestNext = !this.#isRestNext
    const reader = next.shift() ?? other.shift()
    if (reader !== undefined) {
      this.#visit(reader, firstPackets, this.#now())
      // It has more to say because of that.
      if (isDiskSlow) reader.busySinceMs = undefined
    }
    if (this.#behindTheFirst > 0) this.#schedule()
  }

  #readOneOfTheRest(nowMs: number): boolean {
    const reader = this.#isCrowded || this.#waits ? undefined : this.#rest.shift()
    if (reader !== undefined) this.#visit(reader, restPackets, nowMs)
    return reader !== undefined
  }

  #spend(packets: number): void {
    if (this.#isFirst) this.#allowance.spendOnFirst(packets)
    else this.#allowance.spend(packets)
  }

  #visit(reader: Reader, packets: number, nowMs: number): void {
    const hasMore = reader.read(packets)
    this.#spend(reader.taken)
    if (!hasMore) {
      reader.busySinceMs = undefined
      return
    }
    if (reader.busySinceMs === undefined) {
      reader.busySinceMs = nowMs
      reader.saidWithoutPause = 0
    }
    reader.saidWithoutPause += reader.taken
    const afterMs = reader.saidWithoutPause > buffered ? floodingAfterMs : surelyFloodingAfterMs
    if (nowMs - reader.busySinceMs >= afterMs) {
      reader.busySinceMs = undefined
      this.#onFlooding(reader.client)
    }
    this.ask(reader)
  }
}
