import { clockMs, timeOfDayMs } from '../rhythm.ts'

/** Times as a day file says them: `20m`, `07:30`, `Mon 07:30`. Pure. Moments are milliseconds since Monday 00:00. */
const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
const dayMs = 86_400_000
const weekMs = 7 * dayMs

/** `90s`, `20m`, `1.5h`, `7d` as milliseconds; undefined when it is no span of time. */
export function spanMs(text: string): number | undefined {
  const parts = /^(\d{1,6}(?:\.\d{1,3})?)(s|m|h|d)$/.exec(text)
  return parts === null ? undefined : Math.round(Number(parts[1]) * unitMs[parts[2]!]!)
}

/** `Mon 07:30` → milliseconds since Monday 00:00, `07:30` → since any midnight. */
export type OClock = { clockMs: number; weekday?: number }
export type At = { afterMs: number } | OClock

export function oClock(text: string): OClock | undefined {
  const [word, rest] = text.includes(' ') ? text.split(' ', 2) : [undefined, text]
  const ms = clockMs(rest ?? '')
  if (ms === undefined) return undefined
  if (word === undefined) return { clockMs: ms }
  const weekday = weekdays.indexOf(word as (typeof weekdays)[number])
  return weekday < 0 ? undefined : { clockMs: ms, weekday }
}

/** A moment of a day that begins at `startMs`: so long after its start, or the first time that the clock shows it. */
export function momentOf(at: At, startMs: number): number {
  if ('afterMs' in at) return startMs + at.afterMs
  if (at.weekday === undefined) return startMs + ((at.clockMs - timeOfDayMs(startMs) + dayMs) % dayMs)
  return startMs + ((at.weekday * dayMs + at.clockMs - (startMs % weekMs) + weekMs) % weekMs)
}

/** `Mon 07:30` */
export function weekText(ms: number): string {
  const minutes = Math.floor(timeOfDayMs(ms) / 60_000)
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map(n => String(n).padStart(2, '0'))
  return `${weekdays[Math.floor(ms / dayMs) % 7]} ${hour}:${minute}`
}

/** `20m`, in the biggest unit that says it whole. */
export function spanText(ms: number): string {
  const unit = ['d', 'h', 'm', 's'].find(name => ms >= unitMs[name]! && ms % unitMs[name]! === 0) ?? 's'
  return `${ms / unitMs[unit]!}${unit}`
}
