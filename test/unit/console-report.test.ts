import { expect, test } from 'vitest'
import { outcomeOf } from '../../gateway/console/app/deliveries/outcome.ts'
import { type Item, limitOf, ranked, scaleOf, shortTime, stripOf } from '../../gateway/console/app/report/strip.ts'

const none = { count: 0, p50: null, p90: null }
const leg = (p50: number, p90: number) => ({ count: 2, p50, p90 })
const item = (site: string, responseMinutes: number, arrive: Item['arriveMs'], more: Partial<Item> = {}): Item => ({
  site,
  responseMinutes,
  alarms: 2,
  deliverMs: leg(50, 80),
  acknowledgeMs: none,
  dispatchMs: none,
  arriveMs: arrive,
  closeMs: none,
  withinClass: 1,
  ...more,
})

test('a strip stands between nothing and a round time that holds every site and its class', () => {
  const items = [item('a', 3, leg(60_000, 150_000)), item('b', 1, leg(30_000, 90_000))]
  expect(scaleOf(items, 'arriveMs')).toEqual({ maxMs: 180_000, ticks: [0, 45_000, 90_000, 135_000, 180_000] })
  expect(stripOf(items[0]!, 'arriveMs', 180_000)).toEqual({ p50: 1 / 3, p90: 5 / 6, limit: 1, isOver: false })
  expect(stripOf(items[1]!, 'arriveMs', 180_000)).toMatchObject({ limit: 1 / 3, isOver: true })
  expect(stripOf(item('c', 3, none), 'arriveMs', 180_000)).toBeUndefined()
  expect(scaleOf([item('a', 1, leg(1, 7_000_000))], 'arriveMs').maxMs).toBe(7_200_000)
})

test('only the arrival has a class: the other legs are over nothing', () => {
  expect(limitOf({ responseMinutes: 3 }, 'arriveMs')).toBe(180_000)
  expect(limitOf({ responseMinutes: 3 }, 'closeMs')).toBeUndefined()
  expect(stripOf(item('a', 1, none, { closeMs: leg(100_000, 900_000) }), 'closeMs', 900_000)).toMatchObject({
    limit: undefined,
    isOver: false,
  })
})

test('whom one should look at stands first: by its class, not by its seconds', () => {
  const items = [
    item('fine', 5, leg(100_000, 200_000)),
    item('none', 3, none),
    item('over', 1, leg(50_000, 70_000)),
    item('also-none', 3, none),
  ]
  expect(ranked(items, 'arriveMs').map(({ site }) => site)).toEqual(['over', 'fine', 'also-none', 'none'])
  expect(ranked(items, 'deliverMs').map(({ site }) => site)).toEqual(['also-none', 'fine', 'none', 'over'])
})

test('times are short', () => {
  expect([4.4, 999, 1000, 9949, 12_400, 59_999, 60_000, 187_000, 3_723_000].map(shortTime)).toEqual([
    '4 ms',
    '999 ms',
    '1.0 s',
    '9.9 s',
    '12 s',
    '60 s',
    '1:00',
    '3:07',
    '1:02:03',
  ])
})

test('a delivery waits, is due, is through, or is over', () => {
  const createdAt = '2026-11-24T00:00:00.000Z'
  const now = Date.parse(createdAt) + 10_000
  const of = (more: object) =>
    outcomeOf({ state: 'pending', createdAt, nextAttemptAt: null, deliveredAt: null, ...more }, now)
  expect(of({ nextAttemptAt: '2026-11-24T00:00:14.000Z' })).toEqual({ is: 'waiting', forMs: 4000 })
  expect(of({ nextAttemptAt: '2026-11-24T00:00:09.000Z' })).toEqual({ is: 'due' })
  expect(of({ state: 'delivered', deliveredAt: '2026-11-24T00:00:02.500Z' })).toEqual({
    is: 'delivered',
    at: '2026-11-24T00:00:02.500Z',
    tookMs: 2500,
  })
  expect(of({ state: 'cancelled' })).toEqual({ is: 'over' })
})
