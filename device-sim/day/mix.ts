import { dirname, resolve } from 'node:path'
import { Failure, UsageError } from '../arguments.ts'
import type { Day, Fault, Rate } from './day.ts'
import { momentOf, type OClock } from './span.ts'
import type { WhichDevices } from './who.ts'

/** Several days played as one. Pure. */
export type Mix = {
  name: string
  /** Milliseconds since Monday 00:00. */
  startMs: number
  endMs: number
  /** Whoever one of the days names; undefined: none names any, so everybody takes part. */
  fleet: readonly WhichDevices[] | undefined
  /** Of each day, in its order: the first rule that fits a device is that day's, and the days' rates add up. */
  rates: readonly (readonly Rate[])[]
  faults: readonly PlacedFault[]
  replays: { path: string; alarms: 'test' | 'as-recorded' | 'none' } | undefined
}

/** `where`: its file and line, for a person. `seed`: the same wherever the file lies and whatever is written above it. */
export type PlacedFault = Fault & { where: string; seed: string }

const defaultStart: OClock = { weekday: 0, clockMs: 7.5 * 3_600_000 }
const defaultLastsMs = 24 * 3_600_000

/** What the command line says, or a recording knows, before the days do. */
export type Given = { startMs?: number | undefined; lastsMs?: number | undefined; recording?: string | undefined }

/** Begins as the first day that says when, lasts as long as the longest; each fault comes at its own time. Throws Failure, UsageError. */
export function mixOf(days: readonly Day[], given: Given): Mix {
  const starts = days.find(day => day.starts !== undefined)?.starts
  const lasts = days.map(day => day.lasts ?? 0)
  const startMs = given.startMs ?? momentOf(starts ?? defaultStart, 0)
  const lastsMs = given.lastsMs ?? (Math.max(...lasts) || defaultLastsMs)
  const fleets = days.flatMap(day => day.fleet ?? [])
  return {
    name: days.map(day => day.name).join(' + '),
    startMs,
    endMs: startMs + lastsMs,
    fleet: fleets.length > 0 ? fleets : undefined,
    rates: days.map(day => day.rates),
    faults: days.flatMap(day =>
      day.faults.map((fault, index) => ({ ...fault, where: day.where[index]!, seed: `${day.name} ${index}` })),
    ),
    replays: replaysOf(days, given),
  }
}

/** Where a day's own recording lies is told from where the day lies. */
export function replaysOf(days: readonly Day[], { recording }: Given): Mix['replays'] {
  const [day, ...more] = days.filter(({ replays }) => replays !== undefined)
  if (day?.replays === undefined) {
    if (recording === undefined) return undefined
    throw new UsageError('none of these days plays a recording: add the day replay, or leave out --recording')
  }
  if (more.length > 0)
    throw new Failure(`${day.file} and ${more[0]!.file} each play a recording: play them one after the other`)
  const own = day.replays.recording
  const path = recording ?? (own === undefined ? undefined : resolve(dirname(day.file), own))
  if (path === undefined)
    throw new UsageError(`${day.name} needs a recording: --recording FILE (npm run sim -- record makes one)`)
  return { path, alarms: day.replays.alarms }
}
