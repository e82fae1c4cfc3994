import type { ResponseReport } from '../../schemas/report.ts'
import type { Legs } from './response.ts'

/** What the report needs to know of one closed alarm. */
export type Handled = { site: string; responseMinutes: number; legs: Legs }

/** How fast each site was helped (contract: the 1/3/5-minute classes). `handled` in the order of time. Sites by id. */
export function reportOf(handled: readonly Handled[]): ResponseReport {
  const sites = Map.groupBy(handled, ({ site }) => site)
  const items = [...sites]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([site, alarms]) => itemOf(site, alarms))
  return { items }
}

function itemOf(site: string, alarms: readonly Handled[]): ResponseReport['items'][number] {
  const leg = (name: keyof Legs) => legOf(alarms.flatMap(({ legs }) => legs[name] ?? []))
  const arrivals = alarms.filter(({ legs }) => legs.arriveMs !== null)
  // Each by the class it was raised with: a site's class may have changed since.
  const within = arrivals.filter(({ legs, responseMinutes }) => Number(legs.arriveMs) <= responseMinutes * 60_000)
  return {
    site,
    responseMinutes: alarms.at(-1)?.responseMinutes ?? 0,
    alarms: alarms.length,
    deliverMs: leg('deliverMs'),
    acknowledgeMs: leg('acknowledgeMs'),
    dispatchMs: leg('dispatchMs'),
    arriveMs: leg('arriveMs'),
    closeMs: leg('closeMs'),
    withinClass: arrivals.length === 0 ? null : within.length / arrivals.length,
  }
}

function legOf(times: number[]): { count: number; p50: number | null; p90: number | null } {
  const sorted = times.sort((one, other) => one - other)
  return { count: sorted.length, p50: percentile(sorted, 50), p90: percentile(sorted, 90) }
}

/** Nearest rank: always a time that was measured. In whole per cents, so that no rounding moves the rank. */
const percentile = (sorted: readonly number[], percent: number): number | null =>
  sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null
