import type { Alarm, HistoryLine } from '../../schemas/alarm.ts'
import type { Presence } from '../../schemas/api.ts'
import type { StreamAlarm, StreamPresence, StreamSnapshot } from '../../schemas/stream.ts'
import { type Clock, iso } from '../clock.ts'
import { neighboursOf } from './neighbours.ts'

/**
 * What watchers see as it happens: steps of alarms, devices that come and go. The last `kept` events stay, so that a watcher
 * whose connection broke goes on where it was; one that was away for longer, or over a restart, gets all open alarms first.
 * Alarms in the ring share what didn't change between their steps, so it holds little more than the steps themselves.
 */
export type StreamEvent =
  | { id: string; name: 'alarm'; data: StreamAlarm }
  | { id: string; name: 'presence'; data: StreamPresence }
  | { id: string; name: 'snapshot'; data: StreamSnapshot }
type Listener = (event: StreamEvent) => void

const kept = 1000

export class Stream {
  readonly #startedAt: number
  readonly #clock: Clock
  readonly #openAlarms: () => readonly Alarm[]
  readonly #ring: StreamEvent[] = []
  readonly #listeners = new Set<Listener>()
  /** Events so far: the number of the last one. */
  #count = 0

  constructor(options: { clock: Clock; openAlarms: () => readonly Alarm[] }) {
    this.#clock = options.clock
    this.#startedAt = options.clock()
    this.#openAlarms = options.openAlarms
  }

  alarm(alarm: Alarm, line: HistoryLine): void {
    this.#tell({ name: 'alarm', data: { alarm: this.#whole(alarm), line } })
  }

  presence(device: string, presence: Presence): void {
    this.#tell({ name: 'presence', data: { device, presence, at: iso(this.#clock()) } })
  }

  /**
   * Tells `listener` at once what came after the event `lastId`, or a snapshot where that isn't known, and from then on all
   * that happens; nothing is left out in between and nothing told twice. Returns how it leaves.
   */
  subscribe(lastId: string | undefined, listener: Listener): () => void {
    const missed = this.#after(lastId)
    if (missed === undefined) {
      const alarms = this.#openAlarms().map(alarm => this.#whole(alarm))
      listener({ id: this.#id(this.#count), name: 'snapshot', data: { alarms } })
    } else for (const event of missed) listener(event)
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #tell(
    event: Omit<Extract<StreamEvent, { name: 'alarm' }>, 'id'> | Omit<Extract<StreamEvent, { name: 'presence' }>, 'id'>,
  ) {
    this.#count++
    const told = { ...event, id: this.#id(this.#count) } as StreamEvent
    this.#ring[this.#count % kept] = told
    for (const listener of this.#listeners) listener(told)
  }

  /** undefined: the id isn't of this run, or what follows it is no longer all there. */
  #after(lastId: string | undefined): StreamEvent[] | undefined {
    const [, startedAt, digits] = /^(\d{1,15})-(\d{1,15})$/.exec(lastId ?? '') ?? []
    const last = Number(digits)
    if (Number(startedAt) !== this.#startedAt || last > this.#count || last < this.#count - kept) return undefined
    return Array.from(
      { length: this.#count - last },
      (_, index) => this.#ring[(last + 1 + index) % kept] as StreamEvent,
    )
  }

  #id = (count: number): string => `${this.#startedAt}-${count}`
  #whole = (alarm: Alarm): Alarm => ({ ...alarm, neighbours: neighboursOf(alarm, this.#openAlarms()) })
}
