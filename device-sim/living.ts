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
  /** Due, but the device is not connected or has too much in flight: nothing after it is drawn until it is out. */
  held: Entry | undefined
}

export type LivingOptions = {
  seed: string
  pace: PaceOptions
  /** Where in the week it begins: milliseconds since Monday 00:00. */
  startWeekMs: number
  /** The events' `time`: the real moment they were due, or none. */
  eventTime: 'now' | 'absent'
  clock: Clock
  meter: Meter
}

const maxInFlightPerDevice = 100
const tickMs = 10
/** An event that is this late was kept in the device's own store (contract 3, `buffered`). */
const bufferedAfterMs = 5000

/** Sends what each device's timetable holds, at the pace. Returns what stops it. */
export function runTimetables(members: readonly Member[], options: LivingOptions): () => void {
  const { meter, clock } = options
  const pace = createPace(options.pace, options.startWeekMs, monotonicMs)
  const due = createEarliest<{ member: Member; entry: Entry }>()
  const draw = (member: Member) => {
    const { value } = member.entries.next()
    if (value !== undefined) due.push(value.atMs, { member, entry: value })
  }
  const send = (member: Member, entry: Entry) => {
    const lateMs = pace.latenessMs(entry.atMs)
    const time = options.eventTime === 'now' ? shanghaiTime(clock() - Math.round(lateMs)) : undefined
    meter.published()
    member.link.send(entry.saying, { time, buffered: lateMs > bufferedAfterMs }, (error, pubackMs) =>
      error === undefined ? meter.pubacked(pubackMs) : meter.failed(),
    )
    draw(member)
  }
  const free = ({ link }: Member) => link.connected() && link.inFlight() < maxInFlightPerDevice
  const tick = () => {
    for (const member of members) {
      const { held } = member
      if (held === undefined || !free(member)) continue
      member.held = undefined
      send(member, held)
    }
    for (let next = due.peek(); next !== undefined && pace.take(next); next = due.peek()) {
      const { member, entry } = due.pop()
      if (free(member)) send(member, entry)
      else member.held = entry
    }
  }
  for (const member of members) draw(member)
  const timer = setInterval(tick, tickMs)
  return () => clearInterval(timer)
}

/** Returns what stops it. */
export function runHeartbeats(members: readonly Member[], options: LivingOptions): () => void {
  const speed = 'speed' in options.pace ? options.pace.speed : 1
  const startMs = monotonicMs()
  const timers = new Set<NodeJS.Timeout>()
  for (const { id, kind, link } of members) {
    const random = createRandom(options.seed, 'heartbeat', id)
    const intervalMs = heartbeatIntervalMs(kind, speed)
    const beat = () => link.heartbeat(heartbeatOf(kind, monotonicMs() - startMs, random))
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
