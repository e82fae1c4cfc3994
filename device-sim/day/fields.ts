import { z } from 'zod'
import type { Curve } from '../rhythm.ts'
import { clockMs } from '../rhythm.ts'
import { oClock, spanMs } from './span.ts'

/** The parts that a day file's schema is made of. Each says in words what it must be. */

/** Named values; a name that is none of these is a mistake, for left out silently it would be another day. */
export const fields = <S extends z.core.$ZodLooseShape>(shape: S) =>
  z.strictObject(shape, {
    error: issue =>
      issue.code === 'unrecognized_keys' ? `is not known here; known are ${Object.keys(shape).join(', ')}` : undefined,
  })

/** `kind: sensor` is the same as `kind: [sensor]`. */
export const oneOrMore = <T extends z.ZodType>(entry: T) =>
  z.preprocess(given => (Array.isArray(given) ? given : [given]), z.array(entry).min(1).max(1000))

const read = <T>(parse: (text: string) => T | undefined, must: string) =>
  z.unknown().transform((given, context): T => {
    const value = typeof given === 'string' ? parse(given) : undefined
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: must })
    return z.NEVER
  })

const longestMs = 366 * 86_400_000
const span = (shortestMs: number) => (text: string) => {
  const ms = spanMs(text)
  return ms !== undefined && ms >= shortestMs && ms <= longestMs ? ms : undefined
}
/** Milliseconds. */
export const Span = read(span(1000), 'must be a time from 1s to 366d, like 90s, 20m, 24h or 7d')
export const Clock = read(oClock, 'must be a time of the week, like Mon 07:30, or of the day, like 07:30')
export const When = read(text => {
  const afterMs = span(0)(text)
  return afterMs === undefined ? oClock(text) : { afterMs }
}, 'must be so long after the start, like 20m, or a time like 07:30 or Mon 07:30')

const maxPerHour = 1_000_000
const isRate = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= maxPerHour

/** Events per hour: one number, or corners of a line through the day, `{ 07:20: 60, 07:30: 400 }`. */
export const PerHour = z.unknown().transform((given, context): Curve => {
  if (isRate(given)) return [['00:00', given]]
  const corners = typeof given === 'object' && given !== null && !Array.isArray(given) ? Object.entries(given) : []
  if (corners.length === 0)
    context.addIssue({ code: 'custom', message: `must be a number up to ${maxPerHour}, or { 07:30: 400, 08:10: 20 }` })
  for (const [clock, perHour] of corners) {
    if (clockMs(clock) === undefined)
      context.addIssue({ code: 'custom', path: [clock], message: 'must be a time of the day, like 07:30' })
    else if (!isRate(perHour))
      context.addIssue({ code: 'custom', path: [clock], message: `must be a number from 0 to ${maxPerHour}` })
  }
  return corners.sort(([one], [other]) => (one < other ? -1 : 1))
})
