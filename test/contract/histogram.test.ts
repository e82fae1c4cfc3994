import { expect, test } from 'vitest'
import type { Caller } from '../../gateway/sqlite/database.ts'
import type { Counted, CountSlice } from '../../gateway/sqlite/histogram.ts'
import { pages } from '../../gateway/sqlite/pages.ts'
import type { ReadProcedures } from '../../gateway/sqlite/procedures.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { openSqliteJournal } from '../helpers/journal.ts'
import { accepted, appendAll, rejected } from './journal-suite.ts'

const minuteMs = 60_000
const start = 10_000 * minuteMs

test('slices of a journal count each event once, pass over rejections, and end where nothing older can match', async () => {
  const store = await openSqliteJournal(temporaryDirectory())
  // One in each minute; each tenth is a rejection.
  const publishes = Array.from({ length: 40 }, (_, at) => {
    const time = start + at * minuteMs
    return at % 10 === 9 ? rejected({ receivedAt: time }) : accepted(`e-${at}`, { receivedAt: time, at: time })
  })
  await appendAll(store.journal, publishes)
  const walk = async (fromMs: number, window: number) => {
    const counts = new Map<number, number>()
    let before: number | null = Number.MAX_SAFE_INTEGER
    let slices = 0
    while (before !== null) {
      const query: CountSlice = { fromMs, bucketMs: 10 * minuteMs, by: 'kind', before, window }
      const found: Counted = await store.database.read.call('histogram', query)
      for (const [bucket, , count] of found.counts) counts.set(bucket, (counts.get(bucket) ?? 0) + count)
      before = found.next
      slices++
    }
    return { counts: Object.fromEntries(counts), slices }
  }
  const whole = { 0: 9, 1: 9, 2: 9, 3: 9 }
  expect((await walk(start, 1000)).counts).toEqual(whole)
  expect(await walk(start, 7)).toEqual({ counts: whole, slices: 6 })
  // Of the last ten minutes, and five more that a clock may be ahead by: the rest is not looked at.
  const late = await walk(start + 30 * minuteMs, 5)
  expect(late.counts).toEqual({ 0: 9 })
  expect(late.slices).toBeLessThan(6)
  await store.close()
})

test('a journal without end is not read to its end: what was counted is said', async () => {
  const asked: CountSlice[] = []
  const endless = {
    call: async (_name: 'histogram', slice: CountSlice): Promise<Counted> => {
      asked.push(slice)
      const before = Math.min(slice.before, 10_000_000)
      return { counts: [[1, 'access', 2]], next: before - slice.window, receivedAt: before - slice.window }
    },
  }
  const { histogram } = pages(endless as unknown as Caller<ReadProcedures>)
  const found = await histogram.histogram({ fromMs: 0, toMs: 20, bucketMs: 10, buckets: 2, by: 'kind' })
  expect(asked).toHaveLength(25)
  expect(found).toEqual({ series: [{ key: 'access', counts: [0, 50] }], countedFromMs: 10_000_000 - 25 * 20_000 })
})
