import type { Histogram } from '../../../schemas/histogram.ts'

/** What charts and status bars make of counted events. Pure. */

/** Groups of kinds as a chart shows them: what counts most is drawn last, on top. */
export const groups = ['life', 'events', 'alarm'] as const
export type Group = (typeof groups)[number]
export const groupOf = (kind: string): Group =>
  kind === 'alarm' ? 'alarm' : kind === 'heartbeat' || kind === 'status' ? 'life' : 'events'

export type Bars = { starts: number[]; groups: { group: Group; counts: number[] }[]; total: number }

/** One row of counts per group that has any. */
export function barsOf({ from, bucketMs, buckets, series }: Histogram): Bars {
  const starts = Array.from({ length: buckets }, (_, at) => Date.parse(from) + at * bucketMs)
  const rows = groups.map(group => ({
    group,
    counts: starts.map((_, at) =>
      series.reduce((sum, { key, counts }) => sum + (groupOf(key) === group ? (counts[at] ?? 0) : 0), 0),
    ),
  }))
  const total = series.reduce((sum, { counts }) => sum + counts.reduce((all, count) => all + count, 0), 0)
  return { starts, groups: rows.filter(({ counts }) => counts.some(count => count > 0)), total }
}

/** Each row on top of those after it, so that bars that are drawn in this order stand on each other. */
export const stacked = (rows: readonly (readonly number[])[]): number[][] =>
  rows.map((row, index) => row.map((_, at) => rows.slice(index).reduce((sum, other) => sum + (other[at] ?? 0), 0)))

const aliveShare = 0.25

/** One mark of a status bar: something was heard; nothing was, though others were; or nobody knows. */
export type Mark = 'heard' | 'quiet' | 'unknown'

/**
 * The status bar of one site or device, oldest first. Where hardly anybody was heard (some devices send late what they kept) the
 * gateway may not have run, and what wasn't counted says nothing either.
 */
export function marksOf({ from, bucketMs, buckets, series, countedFrom }: Histogram, key: string): Mark[] {
  const counts = series.find(one => one.key === key)?.counts ?? []
  const since = countedFrom === null ? 0 : Date.parse(countedFrom)
  return Array.from({ length: buckets }, (_, at) => {
    if ((counts[at] ?? 0) > 0) return 'heard'
    const isCounted = Date.parse(from) + at * bucketMs >= since
    const heard = series.filter(one => (one.counts[at] ?? 0) > 0).length
    return isCounted && heard > 0 && heard >= series.length * aliveShare ? 'quiet' : 'unknown'
  })
}
