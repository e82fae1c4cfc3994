import { expect, test } from 'vitest'
import { barsOf, marksOf, stacked } from '../../gateway/console/app/counted.ts'
import { ago, grouped, size } from '../../gateway/console/app/figures.ts'
import { kindNames } from '../../gateway/console/app/kind-names.ts'
import { axisTime } from '../../gateway/console/app/time-axis.ts'
import { kinds } from '../../schemas/events/kinds.ts'
import type { Histogram } from '../../schemas/histogram.ts'

const from = '2026-11-24T00:00:00.000Z'
const histogram = (series: Histogram['series'], more: Partial<Histogram> = {}): Histogram => ({
  from,
  to: '2026-11-24T03:00:00.000Z',
  bucketMs: 3_600_000,
  buckets: 3,
  series,
  countedFrom: null,
  ...more,
})

test('kinds are drawn in three groups that stand on each other, alarms on none', () => {
  const bars = barsOf(
    histogram([
      { key: 'heartbeat', counts: [5, 5, 5] },
      { key: 'status', counts: [1, 0, 0] },
      { key: 'access', counts: [2, 0, 1] },
      { key: 'face', counts: [0, 3, 0] },
      { key: 'alarm', counts: [0, 0, 1] },
    ]),
  )
  expect(bars.starts).toEqual([0, 1, 2].map(hour => Date.parse(from) + hour * 3_600_000))
  expect(bars.groups).toEqual([
    { group: 'life', counts: [6, 5, 5] },
    { group: 'events', counts: [2, 3, 1] },
    { group: 'alarm', counts: [0, 0, 1] },
  ])
  expect(bars.total).toBe(23)
  expect(stacked(bars.groups.map(({ counts }) => counts))).toEqual([
    [8, 8, 7],
    [2, 3, 2],
    [0, 0, 1],
  ])
  expect(barsOf(histogram([])).groups).toEqual([])
})

test('a mark says heard, not heard while others were, or not known', () => {
  const series = [
    { key: 'a', counts: [0, 4, 0] },
    { key: 'b', counts: [0, 1, 2] },
  ]
  expect(marksOf(histogram(series), 'a')).toEqual(['unknown', 'heard', 'quiet'])
  expect(marksOf(histogram(series), 'never seen')).toEqual(['unknown', 'quiet', 'quiet'])
  // What wasn't counted was perhaps there.
  const part = histogram(series, { countedFrom: '2026-11-24T02:30:00.000Z' })
  expect(marksOf(part, 'a')).toEqual(['unknown', 'heard', 'unknown'])
  // One of ten that sends late what it kept shows nothing of the others.
  const ten = Array.from({ length: 10 }, (_, at) => ({ key: `d${at}`, counts: [at === 0 ? 1 : 0, 1, at > 4 ? 1 : 0] }))
  expect(marksOf(histogram(ten), 'd1')).toEqual(['unknown', 'heard', 'quiet'])
})

test('figures are short', () => {
  expect([0, 999, 1000, 999_499, 999_600, 1.24e9, 8e13].map(size)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '999 kB',
    '1.0 MB',
    '1.2 GB',
    '80.0 TB',
  ])
  expect([7, 1234, 3_456_789].map(grouped).map(text => text.replaceAll('\u202f', ' '))).toEqual([
    '7',
    '1 234',
    '3 456 789',
  ])
  const words = { d: 'd', h: 'h', m: 'm', s: 's' }
  expect([0, 59.9, 60, 3700, 86_400, 90_061].map(seconds => ago(seconds, words))).toEqual([
    '0 s',
    '59 s',
    '1 m',
    '1 h 1 m',
    '1 d',
    '1 d 1 h',
  ])
})

test('an axis shows the day where it begins', () => {
  const at = (time: string) => Date.parse(`${time}+08:00`)
  expect(axisTime(at('2026-11-24T08:15:00'), undefined)).toBe('08:15')
  expect(axisTime(at('2026-11-24T08:15:30'), at('2026-11-24T08:15:00'))).toBe('08:15:30')
  expect(axisTime(at('2026-11-25T00:00:00'), at('2026-11-24T18:00:00'))).toBe('11-25')
  expect(axisTime(at('2026-11-25T06:00:00'), at('2026-11-24T18:00:00'))).toBe('11-25')
})

test('the filter knows every kind of the contract', () => {
  expect([...kindNames].sort()).toEqual([...kinds].sort())
})
