import type { DeviceKind } from '../schemas/registry.ts'
import { type Clock, monotonicMs, shanghaiTime } from './clock.ts'
import type { SimulatedDevice } from './device.ts'
import { createEarliest } from './earliest.ts'
import { heartbeatIntervalMs, heartbeatOf } from './heartbeat.ts'
import type { Meter } from './meter.ts'
import { createPace, type PaceOptions } from './pace.ts'
import { createRandom } from './random.ts'
import type { Entry } from './timetable.ts'

/** One device of a fleet at work. */
export type Member = {
  id: string
  kind: DeviceKind
  link: SimulatedDevice
  entries: Iterator<Entry, void>
  /** Due, but the device is not connected or has too much in flight. Of its own entries one: nothing after it is drawn until it is out. */
  held: Due[]
  /** When it last had no connection, monotonic. What was due before that was kept in its own store. */
  awayMs: number
  /** How far its clock is ahead. */
  skewMs: number
}
type Due = { entry: Entry; isOwn: boolean }

/** Something that is done at a moment of the week. */
export type Moment = { atMs: number; act: (member: (id: string) => Member | undefined) => void }

export type LivingOptions = {
  seed: string
  pace: PaceOptions
  /** Where in the week it begins: milliseconds since Monday 00:00. */
  startWeekMs: number
  /** The events' `time`: the real moment they were due, or none. */
  eventTime: 'now' | 'absent'
  clock: Clock
  meter: Meter
  /** In the order of time. */
  moments?: readonly Moment[]
  /** What all say beside their own entries, in the order of time. Devices that are not of the fleet are passed over. */
  stream?: Iterator<Entry & { device: string }, void>
  /** An event's puback came. */
  onPubacked?: (entry: Entry, buffered: boolean) => void
}

const maxInFlightPerDevice = 100
const tickMs = 10
/** An event that is this late was kept in the device's own store (contract 3, `buffered`). */
const bufferedAfterMs = 5000
/** So many entries of the stream may wait for their devices; then the stream waits too, and nothing of it is lost. */
const maxWaiting = 20_000

export type Timetables = {
  stop: () => void
  /** Nothing more will come, and all that came was sent. Never for a fleet that lives for ever. */
  finished: Promise<void>
  /** Due and not sent. */
  waiting: () => number
}

/** Sends what each device's timetable holds, and what the stream does, at the pace. */
export function runTimetables(members: readonly Member[], options: LivingOptions): Timetables {
  const { meter, clock } = options
  const pace = createPace(options.pace, options.startWeekMs, monotonicMs)
  const byId = new Map(members.map(member => [member.id, member]))
  const due = createEarliest<{ member: Member; entry: Entry }>()
  const moments = options.moments?.values()
  let moment = moments?.next().value
  let streamed = options.stream?.next().value
  let waiting = 0
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  const draw = (member: Member) => {
    const { value } = member.entries.next()
    if (value !== undefined) due.push(value.atMs, { member, entry: value })
  }
  const send = (member: Member, entry: Entry) => {
    const lateMs = pace.latenessMs(entry.saidAtMs ?? entry.atMs)
    const saysTime = options.eventTime === 'now' && entry.saidAtMs !== null
    const time = saysTime ? shanghaiTime(clock() - Math.round(lateMs) + member.skewMs + (entry.skewMs ?? 0)) : undefined
    const buffered = lateMs > bufferedAfterMs || monotonicMs() - lateMs < member.awayMs
    meter.published()
    member.link.send(entry.saying, { time, buffered, garble: entry.garble }, (error, pubackMs) => {
      if (error !== undefined) return meter.failed()
      meter.pubacked(pubackMs)
      options.onPubacked?.(entry, buffered)
    })
  }
  const free = ({ link }: Member) => link.connected() && link.inFlight() < maxInFlightPerDevice
  /** Sends it, or keeps it until that is possible. True: it is out. */
  const offer = (member: Member, entry: Entry, isOwn: boolean): boolean => {
    if (member.held.length === 0 && free(member)) {
      send(member, entry)
      return true
    }
    member.held.push({ entry, isOwn })
    waiting += 1
    return false
  }
  const sendHeld = (member: Member) => {
    while (member.held.length > 0 && free(member)) {
      const { entry, isOwn } = member.held.shift()!
      waiting -= 1
      send(member, entry)
      if (isOwn) draw(member)
    }
  }
  const tick = () => {
    for (const member of members) {
      if (!member.link.connected()) member.awayMs = monotonicMs()
      else if (member.held.length > 0) sendHeld(member)
    }
    for (;;) {
      const ownMs = due.peek() ?? never
      const streamMs = streamed === undefined || waiting >= maxWaiting ? never : streamed.atMs
      const momentMs = moment?.atMs ?? never
      const nextMs = Math.min(ownMs, streamMs, momentMs)
      if (nextMs === never || !pace.take(nextMs)) break
      if (momentMs === nextMs) {
        moment!.act(id => byId.get(id))
        moment = moments!.next().value
        break // devices notice what was done to them before they say what comes after it
      }
      if (streamMs === nextMs) {
        const member = byId.get(streamed!.device)
        if (member !== undefined) offer(member, streamed!, false)
        streamed = options.stream!.next().value
      } else {
        const { member, entry } = due.pop()
        if (offer(member, entry, true)) draw(member)
      }
    }
    if (due.peek() === undefined && moment === undefined && streamed === undefined && waiting === 0) finish()
  }
  for (const member of members) draw(member)
  const timer = setInterval(tick, tickMs)
  return { stop: () => clearInterval(timer), finished, waiting: () => waiting }
}

const never = Number.POSITIVE_INFINITY

/** Returns what stops it. */
export function runHeartbeats(members: readonly Member[], options: LivingOptions): () => void {
  const speed = 'speed' in options.pace ? options.pace.speed : 1
  const startMs = monotonicMs()
  const timers = new Set<NodeJS.Timeout>()
  for (const member of members) {
    const { id, kind, link } = member
    const random = createRandom(options.seed, 'heartbeat', id)
    const intervalMs = heartbeatIntervalMs(kind, speed)
    const beat = () =>
      link.heartbeat({
        time: shanghaiTime(options.clock() + member.skewMs),
        ...heartbeatOf(kind, monotonicMs() - startMs, random),
      })
    const first = setTimeout(
      () => {
        timers.delete(first)
        beat()
        timers.add(setInterval(beat, intervalMs))
      },
      random.next() * intervalMs, // spread, or the whole fleet beats in one moment
    )
    timers.add(first)
  }
  return () => {
    for (const timer of timers) clearTimeout(timer)
  }
}
