import type { EventKind } from '../../schemas/events/kinds.ts'
import { parseTime } from '../../schemas/time.ts'
import type { Saying } from '../payloads.ts'
import { type Expected, expectedOf } from './expected.ts'

/**
 * The ledger's two kinds of line, words apart by spaces (ids have none):
 *
 *     P <device> <id> <kind> <site> <published ms> <the event's time, ms, or -> <what InfluxDB must hold, JSON>
 *     A <device> <id> <pubacked ms>
 *
 * All times are the simulator's clock, ms since 1970. No person, plate or list stands in it, only whether there was one.
 */
export type Published = {
  device: string
  id: string
  kind: EventKind
  site: string
  atMs: number
  /** undefined: the device gave no time. */
  saidMs: number | undefined
  expected: Expected
}

export function publishedLine(
  event: { device: string; id: string; site: string; atMs: number; time: string | undefined },
  saying: Saying,
): string {
  const saidMs = event.time === undefined ? '-' : parseTime(event.time)
  const expected = JSON.stringify(expectedOf(saying.kind, saying.data))
  return `P ${event.device} ${event.id} ${saying.kind} ${event.site} ${event.atMs} ${saidMs} ${expected}`
}

export const pubackedLine = (device: string, id: string, atMs: number): string => `A ${device} ${id} ${atMs}`

/** Undefined where it is no `P` line. */
export function parsePublished(line: string): Published | undefined {
  const words = line.split(' ', 7)
  const [mark, device, id, kind, site, at, said] = words as [string, string, string, EventKind, string, ...string[]]
  if (mark !== 'P' || words.length < 7) return undefined
  const expected = JSON.parse(line.slice(words.join(' ').length + 1)) as Expected
  const saidMs = said === '-' ? undefined : Number(said)
  return { device, id, kind, site, atMs: Number(at), saidMs, expected }
}
