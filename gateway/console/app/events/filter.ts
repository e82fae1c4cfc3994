import { queryOf, type Range, rangeOf } from '../range.ts'

/** What the page of events shows, as the address says it. */
export type EventFilter = { site: string; device: string; kind: string; range: Range }

export const quickRanges = ['15m', '1h', '6h', '24h', '7d', '30d'] as const

export const filterOf = (query: Record<string, string>): EventFilter => ({
  site: query.site ?? '',
  device: query.device ?? '',
  kind: query.kind ?? '',
  range: rangeOf(query, '1h'),
})

/** A site that is left takes its device along. */
export const withSite = (filter: EventFilter, site: string): EventFilter => ({ ...filter, site, device: '' })

export const addressQuery = ({ range, ...rest }: EventFilter): Record<string, string | undefined> => ({
  ...rest,
  ...queryOf(range),
})
