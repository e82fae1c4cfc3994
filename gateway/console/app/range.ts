/**
 * Which time a page looks at, as the address says it: `last=1h`, which moves with the clock, or `from=…&to=…`, fixed, in the
 * time of the sites. `to` may be left out: until now.
 */
export type Range =
  | { last: string; from?: undefined; to?: undefined }
  | { last?: undefined; from: string; to: string | undefined }

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const units: Record<string, number> = { m: minuteMs, h: hourMs, d: dayMs }
/** Of the sites: they are all in one, which knows no summer time. */
const offset = '+08:00'

/** `15m`, `6h`, `30d` in ms; undefined: it is none, or longer than a year. */
export function spanOf(last: string): number | undefined {
  const [, digits, unit] = /^(\d{1,4})([mhd])$/.exec(last) ?? []
  const ms = Number(digits) * (units[unit ?? ''] ?? 0)
  return ms > 0 && ms <= 366 * dayMs ? ms : undefined
}

/** `2026-11-24T12:41`, as `<input type="datetime-local">` gives it, in ms; undefined: it is none. */
export function localMs(text: string): number | undefined {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text) ? Date.parse(`${text}${offset}`) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}
/** The other way, in whole seconds. */
export const localText = (ms: number): string => new Date(ms + 8 * hourMs).toISOString().slice(0, 19)

/** What of an address is a range; anything else is `otherwise`, so that an old link shows something. */
export function rangeOf(query: Record<string, string>, otherwise: string): Range {
  const { last, from, to } = query
  if (last !== undefined && spanOf(last) !== undefined) return { last }
  const fromMs = from === undefined ? undefined : localMs(from)
  const toMs = to === undefined ? undefined : localMs(to)
  if (from === undefined || fromMs === undefined) return { last: otherwise }
  if (toMs === undefined) return { from, to: undefined }
  return toMs > fromMs ? { from, to } : { last: otherwise }
}

/** As the address holds it. */
export const queryOf = ({
  last,
  from,
  to,
}: Range): { last: string | undefined; from: string | undefined; to: string | undefined } => ({
  last,
  from,
  to,
})

/** In ms at `now`; `toMs` undefined: until now, and it goes on. */
export function boundsOf(range: Range, now: number): { fromMs: number; toMs: number | undefined } {
  if (range.last !== undefined) return { fromMs: now - (spanOf(range.last) ?? hourMs), toMs: undefined }
  return { fromMs: localMs(range.from) ?? now - hourMs, toMs: range.to === undefined ? undefined : localMs(range.to) }
}

export const isoOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString()
