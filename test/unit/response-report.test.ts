import { describe, expect, test } from 'vitest'
import { reportOf } from '../../gateway/alarms/report.ts'
import type { Legs } from '../../gateway/alarms/response.ts'
import { at, startApi } from './api-world.ts'

const none: Legs = { deliverMs: null, acknowledgeMs: null, dispatchMs: null, arriveMs: null, closeMs: null }
const handled = (site: string, legs: Partial<Legs>, responseMinutes = 3) => ({
  site,
  responseMinutes,
  legs: { ...none, ...legs },
})

describe('the report', () => {
  test('has the nearest rank of each leg, over those alarms that had it', () => {
    const alarms = [9, 1, 10, 2, 8, 3, 7, 4, 6, 5].map(ms => handled('school-01', { acknowledgeMs: ms }))
    const [item] = reportOf([...alarms, handled('school-01', {})]).items
    expect(item).toMatchObject({
      alarms: 11,
      acknowledgeMs: { count: 10, p50: 5, p90: 9 },
      arriveMs: { count: 0, p50: null, p90: null },
      withinClass: null,
    })
  })

  test('sorts times as numbers, and one time is its own median', () => {
    const items = reportOf([
      handled('b', { closeMs: 10_000 }),
      handled('b', { closeMs: 9000 }),
      handled('a', { closeMs: 7 }),
    ])
    expect(items.items.map(({ site, closeMs }) => [site, closeMs])).toEqual([
      ['a', { count: 1, p50: 7, p90: 7 }],
      ['b', { count: 2, p50: 9000, p90: 10_000 }],
    ])
  })

  test('counts an arrival by the class that its own alarm had, to the millisecond', () => {
    const [item] = reportOf([
      handled('school-01', { arriveMs: 180_000 }, 3),
      handled('school-01', { arriveMs: 180_001 }, 3),
      handled('school-01', { arriveMs: 180_001 }, 5),
      handled('school-01', { arriveMs: 60_001 }, 1),
      handled('school-01', {}, 1),
    ]).items
    expect(item).toMatchObject({ withinClass: 0.5, responseMinutes: 1 })
  })

  test('of nothing is empty', () => {
    expect(reportOf([])).toEqual({ items: [] })
  })
})

describe('GET reports/response', () => {
  async function startReporting() {
    const asked: unknown[] = []
    const { get } = await startApi({
      reports: {
        response: async query => {
          asked.push(query)
          return query.site === 'compound-01' ? undefined : reportOf([handled('school-01', { arriveMs: 1 })])
        },
      },
    })
    return { get: (query: string) => get(`reports/response${query}`), asked }
  }

  test('is of the last 30 days and of what was real, unless it is asked otherwise', async () => {
    const { get, asked } = await startReporting()
    expect((await get('')).json.items).toMatchObject([{ site: 'school-01', withinClass: 1 }])
    await get('?mode=drill&site=school-01&from=2026-11-01T00:00:00Z&to=2026-11-02T08:00:00+08:00')
    expect(asked).toEqual([
      { mode: 'actual', from: at - 30 * 24 * 3600_000, to: at, limit: 100_000 },
      { mode: 'drill', site: 'school-01', from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 10, 2), limit: 100_000 },
    ])
  })

  test('refuses a time that runs backwards, and one that holds too much, and never answers with a part', async () => {
    const { get } = await startReporting()
    expect((await get('?from=2027-01-01T00:00:00Z')).status).toBe(400)
    const tooMuch = await get('?site=compound-01')
    expect([tooMuch.status, tooMuch.json.detail]).toEqual([
      400,
      'These are more than 100000 alarms; ask for a shorter time',
    ])
  })
})
