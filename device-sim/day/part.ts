import type { Payload } from '../../schemas/events/kinds.ts'
import { garbles } from '../garble.ts'
import { type Source, sayingOf } from '../payloads.ts'
import { createRandom } from '../random.ts'
import { type Entry, type Pulse, timetable } from '../timetable.ts'
import type { Window } from './occurrences.ts'

/** What a day asks of one device: its pulse, and what it does beside it. `seed` tells one fault from the other. */
export type Part = {
  pulse: Pulse
  floods: { windows: readonly Window[]; perSecond: number; seed: string }[]
  malformed: { windows: readonly Window[]; share: number; burst: number; seed: string }[]
  presses: { windows: readonly Window[]; alarm: Payload<'alarm'>['data'] }[]
}

/** All that the device says from `startMs` until `endMs`, in order. Pure: the same seed gives the same. */
export function* entriesOf(part: Part, source: Source, seed: string, startMs: number, endMs: number) {
  const said = merged([
    whileBefore(timetable(source, seed, startMs, part.pulse), endMs),
    ...part.floods.map(flood => floodOf(flood, source, seed)),
    ...part.presses.map(pressesOf),
  ])
  const spoiled = spoilerOf(part, source.device.id, seed)
  for (const entry of said) yield* spoiled(entry)
}

/** What its firmware makes of what it would say: the same, or so many broken ones. For entries in the order of time. */
export function spoilerOf(part: Part, device: string, seed: string): (entry: Entry) => readonly Entry[] {
  const bugs = part.malformed.map(bug => ({
    ...bug,
    isThere: inOneOf(bug.windows),
    random: createRandom(seed, bug.seed, 'malformed', device),
  }))
  return entry => {
    const bug = bugs.find(({ isThere, share, random }) => isThere(entry.atMs) && random.chance(share))
    if (bug === undefined) return [entry]
    return Array.from({ length: bug.burst }, () => ({ ...entry, garble: bug.random.pick(garbles) }))
  }
}

/** For moments that only grow. */
function inOneOf(windows: readonly Window[]): (ms: number) => boolean {
  let index = 0
  return ms => {
    while (index < windows.length && ms >= windows[index]!.toMs) index += 1
    const window = windows[index]
    return window !== undefined && ms >= window.fromMs
  }
}

function* floodOf(flood: Part['floods'][number], source: Source, seed: string): Generator<Entry, void> {
  const random = createRandom(seed, flood.seed, 'flood', source.device.id)
  for (const { fromMs, toMs } of flood.windows)
    for (let atMs = fromMs; ; ) {
      atMs += random.exponential(1000 / flood.perSecond)
      if (atMs >= toMs) break
      yield { atMs, saying: sayingOf(source, atMs, random) }
    }
}

function* pressesOf({ windows, alarm }: Part['presses'][number]): Generator<Entry, void> {
  for (const { fromMs } of windows) yield { atMs: fromMs, saying: { kind: 'alarm', data: alarm } }
}

function* whileBefore(entries: Iterable<Entry>, endMs: number): Generator<Entry, void> {
  for (const entry of entries) {
    if (entry.atMs >= endMs) return
    yield entry
  }
}

/** Several sequences in the order of time as one. */
function* merged(sequences: readonly Iterator<Entry, void>[]): Generator<Entry, void> {
  const heads = sequences.map(sequence => ({ sequence, head: sequence.next().value }))
  for (;;) {
    let first: (typeof heads)[number] | undefined
    for (const each of heads)
      if (each.head !== undefined && (first?.head === undefined || each.head.atMs < first.head.atMs)) first = each
    if (first?.head === undefined) return
    yield first.head
    first.head = first.sequence.next().value
  }
}
