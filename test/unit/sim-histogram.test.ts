import { expect, test } from 'vitest'
import { createEarliest } from '../../device-sim/earliest.ts'
import { createHistogram } from '../../device-sim/histogram.ts'
import { createMeter } from '../../device-sim/meter.ts'
import { createRandom } from '../../device-sim/random.ts'

test('percentiles are right within the bucket error of 2 %', () => {
  const random = createRandom('latencies')
  const histogram = createHistogram()
  const all = Array.from({ length: 20_000 }, () => 0.05 + random.exponential(8))
  for (const ms of all) histogram.record(ms)
  const sorted = all.toSorted((a, b) => a - b)
  for (const p of [0.01, 0.5, 0.9, 0.99, 0.999]) {
    const exact = sorted[Math.ceil(p * sorted.length) - 1]!
    expect(Math.abs(histogram.percentile(p)! / exact - 1)).toBeLessThan(0.021)
  }
  expect(histogram.max()).toBe(sorted.at(-1))
  expect(histogram.percentile(1)).toBeLessThanOrEqual(histogram.max())
  expect(histogram.count()).toBe(20_000)
})

test('nothing recorded, zero, and far too long are no trouble', () => {
  const histogram = createHistogram()
  expect(histogram.percentile(0.5)).toBeUndefined()
  histogram.record(0)
  expect(histogram.percentile(0.5)).toBe(0)
  histogram.record(1e9)
  expect(histogram.max()).toBe(1e9)
  expect(histogram.percentile(1)).toBeGreaterThan(500_000)
  histogram.reset()
  expect(histogram.count()).toBe(0)
})

test('the meter counts what is in flight, and its summary holds the figures', () => {
  const meter = createMeter(0)
  meter.begin(1000)
  for (let count = 0; count < 10; count++) meter.published()
  for (let count = 0; count < 7; count++) meter.pubacked(5)
  meter.failed()
  expect(meter.totals()).toEqual({ published: 10, pubacked: 7, failed: 1, inFlight: 2 })
  expect(meter.lap(2000, { connected: 3, of: 4 })).toMatch(/^published 10\/s {2}pubacked 7\/s {2}in flight 2 .*3\/4/)
  expect(meter.lap(3000, { connected: 3, of: 4 })).toMatch(/^published 0\/s .*p50 –/)
  const summary = meter.summary(8000)
  expect(summary).toMatch(/failed +3\n/)
  expect(summary).toMatch(/duration +7\.0 s, 1 pubacked\/s/)
})

test('the earliest comes first, however they were put in', () => {
  const random = createRandom('queue')
  const queue = createEarliest<number>()
  const keys = Array.from({ length: 500 }, () => random.int(0, 200))
  for (const key of keys) queue.push(key, key)
  const taken: number[] = []
  while (queue.peek() !== undefined) taken.push(queue.pop())
  expect(taken).toEqual(keys.toSorted((a, b) => a - b))
})
