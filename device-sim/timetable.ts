import type { Garble } from './garble.ts'
import { type Saying, type Source, sayingOf } from './payloads.ts'
import { createRandom } from './random.ts'
import { hourMs, peakPerHour, ratePerHour } from './rhythm.ts'

/** What a device says next, and when: milliseconds since Monday 00:00, counting on past the week's end. */
export type Entry = {
  atMs: number
  saying: Saying
  /** The moment that it gives as its time, where that is not `atMs`: it comes late. `null`: it gives none. */
  saidAtMs?: number | null
  /** How far the clock that gave its time was ahead, beside what the device's own is now. */
  skewMs?: number
  /** It comes out broken, in this way. */
  garble?: Garble
}

/** How busy a device is: events per hour at each moment, and the most that it comes to. */
export type Pulse = { peak: number; at: (weekMs: number) => number }

export const builtInPulse = ({ siteKind, device: { kind } }: Pick<Source, 'siteKind' | 'device'>): Pulse => ({
  peak: peakPerHour(siteKind, kind),
  at: weekMs => ratePerHour(siteKind, kind, weekMs),
})

/**
 * All that a device will say from `startMs` on, for ever. Pure: the same seed, device and start give the same entries,
 * however fast they are sent. Empty for a device without a rhythm.
 *
 * Thinning: candidates come at the week's peak rate and stay with the share that the rate has at their moment.
 */
export function* timetable(
  source: Source,
  seed: string,
  startMs: number,
  pulse: Pulse = builtInPulse(source),
): Generator<Entry, void> {
  if (pulse.peak === 0) return
  const random = createRandom(seed, 'timetable', source.device.id)
  for (let atMs = startMs; ; ) {
    atMs += random.exponential(hourMs / pulse.peak)
    if (random.chance(pulse.at(atMs) / pulse.peak)) yield { atMs, saying: sayingOf(source, atMs, random) }
  }
}
