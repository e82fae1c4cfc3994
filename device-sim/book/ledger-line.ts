import { hash } from 'node:crypto'
import type { EventKind } from '../../schemas/events/kinds.ts'
import { parseTime } from '../../schemas/time.ts'
import type { Saying } from '../payloads.ts'
import { type Expected, expectedOf } from './expected.ts'

/**
 * The ledger's two kinds of line, words apart by spaces (ids have none):
 *
 *     P <device> <id> <kind> <site> <published ms> <the event's time, ms, or -> <digest of the payload> <what InfluxDB must hold, JSON>
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
  /** SHA-256 of the payload as it was sent, the first 16 characters of base64url. */
  digest: string
  expected: Expected
}

export function publishedLine(
  event: { device: string; id: string; site: string; atMs: number; time: string | undefined },
  saying: Saying,
  payload: string,
): string {
  const saidMs = event.time === undefined ? '-' : parseTime(event.time)
  const digest = hash('sha256', payload, 'base64url').slice(0, 16)
  const expected = JSON.stringify(expectedOf(saying.kind, saying.data))
  return `P ${event.device} ${event.id} ${saying.kind} ${event.site} ${event.atMs} ${saidMs} ${digest} ${expected}`
}

export const pubackedLine = (device: string, id: string, atMs: number): string => `A ${device} ${id} ${atMs}`

/** The first words of a `P` line; undefined where it is none. */
export function parsePublished(line: string): Published | undefined {
  const words = line.split(' ', 8)
  const [mark, device, id, kind, site, at, said, digest] = words as [
    string,
    string,
    string,
    EventKind,
    string,
    ...string[],
  ]
  if (mark !== 'P' || words.length < 8) return undefined
  const expected = JSON.parse(line.slice(words.join(' ').length + 1)) as Expected
  const saidMs = said === '-' ? undefined : Number(said)
  return { device, id, kind, site, atMs: Number(at), saidMs, digest: digest as string, expected }
}
