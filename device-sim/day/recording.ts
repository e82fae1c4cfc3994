import type { z } from 'zod'
import { Failure } from '../arguments.ts'
import { linesOf } from '../book/lines.ts'
import type { Entry } from '../timetable.ts'
import { parseRecorded, type Recorded, RecordingHeader } from './recorded.ts'

export type Recording = {
  header: z.output<typeof RecordingHeader>
  /** From the first line to the last, each time it is asked; in bounded memory. `onMistake` hears of lines that are no event. */
  events: (onMistake: (mistake: string) => void) => Generator<Recorded, void>
}

/** Throws Failure where it is no recording. */
export function openRecording(path: string): Recording {
  const header = headerOf(firstLineOf(path))
  if (header === undefined)
    throw new Failure(`${path}:1: is no recording's header; npm run sim -- record makes recordings`)
  return {
    header,
    events: function* (onMistake) {
      let number = 0
      for (const line of linesOf(path, () => onMistake(`${path}: ends in the middle of a line, which is left out`))) {
        number += 1
        if (number === 1) continue
        const event = parseRecorded(line)
        if (typeof event === 'string') onMistake(`${path}:${number}: ${event}; the event is left out`)
        else yield event
      }
    },
  }
}

function firstLineOf(path: string): string | undefined {
  try {
    const [first] = linesOf(path)
    return first
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new Failure(`${path} can't be read (${code}); npm run sim -- record makes a recording`)
  }
}

function headerOf(line: string | undefined): Recording['header'] | undefined {
  try {
    return RecordingHeader.safeParse(JSON.parse(line ?? '')).data
  } catch {
    return undefined
  }
}

export type Alarms = 'test' | 'as-recorded' | 'none'

/** A recording as entries of the week from `startMs` on: each as long after its start as it was received after the first. */
export function* entriesFrom(
  events: Iterable<Recorded>,
  options: { firstAtMs: number; startMs: number; endMs: number; alarms: Alarms },
): Generator<Entry & { device: string }, void> {
  const moved = options.startMs - options.firstAtMs
  for (const { receivedAt, time, clockSkewMs, device, saying } of events) {
    const atMs = Math.max(options.startMs, receivedAt + moved)
    if (atMs >= options.endMs) return
    const told = saying.kind === 'alarm' ? alarmOf(saying.data, options.alarms) : saying
    if (told === undefined) continue
    yield {
      atMs,
      device,
      saying: told,
      // A time that was not believed is as far off again; a device that gave none gives none.
      ...(clockSkewMs === undefined
        ? { saidAtMs: time === undefined ? null : Math.min(time + moved, atMs) }
        : { skewMs: clockSkewMs }),
    }
  }
}

function alarmOf(
  data: Extract<Entry['saying'], { kind: 'alarm' }>['data'],
  alarms: Alarms,
): Entry['saying'] | undefined {
  if (alarms === 'none') return undefined
  return { kind: 'alarm', data: alarms === 'test' ? { ...data, mode: 'test' } : data }
}
