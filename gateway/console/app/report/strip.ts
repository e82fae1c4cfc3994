import type { ResponseReport } from '../../../../schemas/report.ts'

/** How a leg's figures stand on a strip: pure, in 0–1 of its width. */
export type Item = ResponseReport['items'][number]
export const legs = ['deliverMs', 'acknowledgeMs', 'dispatchMs', 'arriveMs', 'closeMs'] as const
export type LegName = (typeof legs)[number]
export const isLeg = (name: string | undefined): name is LegName => (legs as readonly string[]).includes(name ?? '')

const nice = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 180_000, 300_000, 600_000]
const hourMs = 3_600_000

/** Only the way to the site has a class (1, 3 or 5 minutes); ms. */
export const limitOf = ({ responseMinutes }: Pick<Item, 'responseMinutes'>, leg: LegName): number | undefined =>
  leg === 'arriveMs' && responseMinutes > 0 ? responseMinutes * 60_000 : undefined

/** The strip's right end: a round time that nothing lies beyond, and with room for every class. */
export function scaleOf(items: readonly Item[], leg: LegName): { maxMs: number; ticks: number[] } {
  const longest = Math.max(1, ...items.map(item => Math.max(item[leg].p90 ?? 0, limitOf(item, leg) ?? 0)))
  const maxMs = nice.find(ms => ms >= longest) ?? Math.ceil(longest / hourMs) * hourMs
  return { maxMs, ticks: [0, 0.25, 0.5, 0.75, 1].map(part => part * maxMs) }
}

export type Strip = { p50: number; p90: number; limit: number | undefined; isOver: boolean }

/** undefined: no alarm of the site had this leg. */
export function stripOf(item: Item, leg: LegName, maxMs: number): Strip | undefined {
  const { p50, p90 } = item[leg]
  if (p50 === null || p90 === null) return undefined
  const limit = limitOf(item, leg)
  const part = (ms: number) => Math.min(1, Math.max(0, ms / maxMs))
  return {
    p50: part(p50),
    p90: part(p90),
    limit: limit === undefined ? undefined : part(limit),
    isOver: limit !== undefined && p90 > limit,
  }
}

/** Whom one should look at first: over its class, then slow in nine of ten, then by name. Sites without the leg come last. */
export function ranked(items: readonly Item[], leg: LegName): Item[] {
  const weight = (item: Item) => {
    const { p90 } = item[leg]
    if (p90 === null) return -1
    const limit = limitOf(item, leg)
    return limit === undefined ? p90 : p90 / limit
  }
  return [...items].sort((one, other) => weight(other) - weight(one) || (one.site < other.site ? -1 : 1))
}

/** `820 ms`, `12.4 s`, `3:07`, `1:02:03`. */
export function shortTime(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`
  const seconds = Math.round(ms / 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes}:${two(seconds % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`
}
