import { expect, test } from 'vitest'
import { countedMs, excusedWindows, pauseAfterMs } from '../../device-sim/audit/outages.ts'
import { hindersAlarms, type Planned, planOf } from '../../device-sim/chaos/plan.ts'

const minutes = (count: number, seed = '1') => planOf({ seed, durationMs: count * 60_000, withDisk: true })
const nameOf = ({ on, what }: Planned) => `${on} ${what}`

test('the same seed gives the same plan, another seed another', () => {
  expect(minutes(3)).toEqual(minutes(3))
  expect(minutes(3, '2')).not.toEqual(minutes(3))
})

test('in four minutes each fault of each target comes, and a plan for nobody’s disk leaves the disk alone', () => {
  const names = new Set(minutes(4).map(nameOf))
  expect(names.size).toBe(3 * 2 + 3 * 7 + 1)
  expect([...names]).toEqual(expect.arrayContaining(['gateway kill', 'receiver’s line half-open', 'disk fill']))
  const plan = planOf({ seed: '1', durationMs: 240_000, withDisk: false })
  expect(plan).toEqual(minutes(4).filter(({ on }) => on !== 'disk'))
})

test.each(['1', '2', '3', '4', '5'])(
  'seed %s: blows on one target are apart, and there is calm between the storms',
  seed => {
    const plan = minutes(5, seed)
    for (const on of new Set(plan.map(({ on }) => on))) {
      const blows = plan.filter(blow => blow.on === on)
      for (const [index, { atMs, forMs }] of blows.entries())
        expect(blows[index + 1]?.atMs ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(atMs + forMs)
    }
    for (const { atMs } of plan) expect((atMs - 1000) % 30_000).toBeLessThanOrEqual(12_000)
    const storms = plan.map(({ atMs }) => Math.floor((atMs - 1000) / 30_000))
    expect(new Set(storms).size).toBe(10)
  },
)

test('InfluxDB and a slow line are no excuse for a late alarm', () => {
  const excuses = new Set(minutes(10).filter(hindersAlarms).map(nameOf))
  expect([...excuses].filter(name => /InfluxDB|latency|bandwidth/.test(name))).toEqual([])
  expect(excuses).toContain('gateway kill')
})

test('an outage excuses its own time and the pause before the next attempt, no more', () => {
  expect(pauseAfterMs(500)).toBe(1100)
  expect(pauseAfterMs(5000)).toBe(4400)
  expect(pauseAfterMs(3_600_000)).toBe(16_500)
  const windows = excusedWindows([
    { fromMs: 20_000, toMs: 20_500, what: 'c' },
    { fromMs: 1000, toMs: 2000, what: 'a' },
    { fromMs: 3000, toMs: 5000, what: 'begins in the pause after a' },
  ])
  expect(windows).toEqual([
    { fromMs: 1000, toMs: 9400 },
    { fromMs: 20_000, toMs: 21_600 },
  ])
  expect(countedMs(0, 10_000, windows)).toBe(1600)
  expect(countedMs(2000, 3000, windows)).toBe(0)
  expect(countedMs(9400, 20_000, windows)).toBe(10_600)
})
