import type { Entry } from '../journal/journal.ts'
import type { Caller } from './database.ts'
import type { Counted, CountSlice } from './histogram.ts'
import type { EventsSlice } from './journal-reader.ts'
import type { ReadProcedures } from './procedures.ts'

/** Lists for the API, newest first. `cursor` is where the page before ended; without one a list begins at its end. */
const entriesPerSlice = 20_000
/** A page looks at a million entries at the most; then it ends early, and its cursor goes on from there. */
const slicesPerPage = 50
/** A histogram reads what it counts whole, since no index holds it: 500 000 entries take a second. */
const slicesPerHistogram = 25

export function pages(read: Caller<ReadProcedures>) {
  return {
    events: {
      async events({ cursor, limit, ...query }: Paged<Omit<EventsSlice, 'before' | 'window'>>) {
        const entries: Entry[] = []
        let next: number | null = start(cursor)
        for (let slices = 0; slices < slicesPerPage && next !== null && entries.length < limit; slices++) {
          const slice: { entries: Entry[]; next: number | null } = await read.call('events', {
            ...query,
            limit: limit - entries.length,
            before: next,
            window: entriesPerSlice,
          })
          entries.push(...slice.entries)
          next = slice.next
        }
        return { entries, next }
      },
    },
    histogram: {
      /** Newest slices first, so that what is left out is the oldest. */
      async histogram({
        buckets,
        ...query
      }: Omit<CountSlice, 'before' | 'window'> & { toMs: number; buckets: number }) {
        const series = new Map<string, number[]>()
        let before: number | null = start(undefined)
        let countedFromMs = query.toMs
        for (let slices = 0; slices < slicesPerHistogram && before !== null; slices++) {
          const slice: Counted = await read.call('histogram', { ...query, before, window: entriesPerSlice })
          for (const [bucket, key, count] of slice.counts) {
            const counts = series.get(key) ?? Array.from({ length: buckets }, () => 0)
            counts[bucket] = (counts[bucket] ?? 0) + count
            series.set(key, counts)
          }
          before = slice.next
          countedFromMs = slice.receivedAt
        }
        return {
          series: Array.from(series, ([key, counts]) => ({ key, counts })),
          countedFromMs: before === null ? null : countedFromMs,
        }
      },
    },
    alarms: {
      alarms: ({ cursor, ...query }: Paged<Query<'alarms'>>) =>
        read.call('alarms', { ...query, before: start(cursor) }),
      alarm: (id: string) => read.call('alarm', id),
      openAlarmsBySite: () => read.call('openAlarmsBySite', undefined),
    },
    deliveries: {
      deliveries: ({ cursor, ...query }: Paged<Query<'deliveries'>>) =>
        read.call('deliveries', { ...query, before: start(cursor) }),
    },
    rejections: {
      rejections: ({ cursor, ...query }: Paged<Query<'rejections'>>) =>
        read.call('rejections', { ...query, before: start(cursor) }),
    },
    audit: {
      audit: ({ cursor, ...query }: Paged<Query<'audit'>>) => read.call('audit', { ...query, before: start(cursor) }),
    },
    receipts: {
      receipt: (of: { caller: string; key: string }) => read.call('receipt', of),
    },
    reports: {
      response: (query: Parameters<ReadProcedures['responseReport']>[0]) => read.call('responseReport', query),
    },
  }
}

type Paged<Q> = Q & { cursor?: number | undefined }
type Query<Name extends 'alarms' | 'deliveries' | 'rejections' | 'audit'> = Omit<
  Parameters<ReadProcedures[Name]>[0],
  'before'
>
const start = (cursor: number | undefined): number => cursor ?? Number.MAX_SAFE_INTEGER
