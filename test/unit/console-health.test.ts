import { expect, test } from 'vitest'
import { conservation, worriesOf } from '../../gateway/console/app/health/verdict.ts'
import type { Stats } from '../../schemas/api.ts'
import type { Condition } from '../../schemas/condition.ts'

const stats: Stats = {
  received: 10,
  accepted: 7,
  duplicate: 2,
  rejected: 1,
  consumers: { alarms: { done: 7, pending: 0, quarantined: 0 }, influx: { done: 4, pending: 3, quarantined: 0 } },
  journal: { lastSeq: 8, bytes: 4096 },
  deliveries: { pending: 0, delivered: 1, cancelled: 0 },
  alarms: { open: 0, closed: 1 },
  connections: 1,
}
const endpoint = { id: 'centre', level: 0, pending: 0, oldestPendingAt: null, lastError: null, lastDeliveredAt: null }
const condition: Condition = {
  at: '2026-11-24T00:00:30.000Z',
  version: '0.1.0',
  uptimeS: 100,
  trouble: null,
  journal: { queued: 0 },
  disk: { level: 'roomy', freeBytes: 1e10 },
  lag: [{ consumer: 'influx', entries: 3, seconds: 1 }],
  influx: { waiting: false, cursor: 5, unsettled: 0 },
  endpoints: [endpoint],
  eventLoop: { p50Ms: 0.1, p99Ms: 9, maxMs: 40 },
  memoryBytes: 1e8,
  connections: { open: 1, throttled: 0 },
  faults: [],
}

test('the conservation check holds, or says which line does not', () => {
  const { received, consumers } = conservation(stats)
  expect([received.holds, ...consumers.map(({ equation }) => equation.holds)]).toEqual([true, true, true])
  expect(received.parts.map(({ name, count }) => `${name} ${count}`)).toEqual([
    'accepted 7',
    'duplicate 2',
    'rejected 1',
  ])
  expect(conservation({ ...stats, received: 11 }).received.holds).toBe(false)
  const lost = conservation({ ...stats, consumers: { influx: { done: 4, pending: 2, quarantined: 0 } } })
  expect([lost.received.holds, lost.consumers[0]?.equation.holds]).toEqual([true, false])
})

test('all is well, or what is not', () => {
  expect(worriesOf(condition, stats)).toEqual([])
  const of = (more: Partial<Condition>, moreStats: Partial<Stats> = {}) =>
    worriesOf({ ...condition, ...more }, { ...stats, ...moreStats }).map(({ is }) => is)
  expect(of({ trouble: 'the disk is full' })).toEqual(['trouble'])
  expect(of({ disk: { level: 'tight', freeBytes: 1 } })).toEqual(['disk'])
  expect(of({ endpoints: [] })).toEqual(['noEndpoint'])
  expect(of({ influx: { waiting: true, cursor: 5, unsettled: 0 } })).toEqual(['influx'])
  expect(of({ lag: [{ consumer: 'alarms', entries: 9, seconds: 31 }] })).toEqual(['lag'])
  // Its oldest entry is old since nothing came after it.
  expect(of({ lag: [{ consumer: 'alarms', entries: 0, seconds: 31 }] })).toEqual([])
  expect(of({ eventLoop: { p50Ms: 1, p99Ms: 2, maxMs: 251 } })).toEqual(['loop'])
  expect(of({}, { received: 11 })).toEqual(['unbalanced'])
  expect(of({}, { consumers: { influx: { done: 4, pending: 2, quarantined: 1 } } })).toEqual(['quarantined'])
})

test('an endpoint is a worry once it refused, or once something waits for long', () => {
  const of = (more: object) => worriesOf({ ...condition, endpoints: [{ ...endpoint, pending: 1, ...more }] }, stats)
  expect(of({ oldestPendingAt: '2026-11-24T00:00:25.000Z' })).toEqual([])
  expect(of({ oldestPendingAt: '2026-11-24T00:00:19.000Z' })).toMatchObject([
    { is: 'endpoint', id: 'centre', error: null },
  ])
  expect(of({ oldestPendingAt: '2026-11-24T00:00:29.000Z', lastError: 'answered 503' })).toMatchObject([
    { is: 'endpoint', error: 'answered 503' },
  ])
})
