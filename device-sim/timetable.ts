import { type Saying, type Source, sayingOf } from './payloads.ts'
import { createRandom } from './random.ts'
import { hourMs, peakPerHour, ratePerHour } from './rhythm.ts'

/** What a device says next, and when: milliseconds since Monday 00:00, counting on past the week's end. */
export type Entry = { atMs: number; saying: Saying }

/**
 * All that a device will say from `startMs` on, for ever. Pure: the same seed, device and start give the same entries,
 * however fast they are sent. Empty for a device without a rhythm.
 *
 * Thinning: candidates come at the week's peak rate and stay with the share that the rate has at their moment.
 */
export function* timetable(source: Source, seed: string, startMs: number): Generator<Entry, void> {
  const peak = peakPerHour(source.siteKind, source.device.kind)
  if (peak === 0) return
  const random = createRandom(seed, 'timetable', source.device.id)
  for (let atMs = startMs; ; ) {
    atMs += random.exponential(hourMs / peak)
    if (random.chance(ratePerHour(source.siteKind, source.device.kind, atMs) / peak))
      yield { atMs, saying: sayingOf(source, atMs, random) }
  }
}
