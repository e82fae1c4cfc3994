import { expect, test } from 'vitest'
import { brokenSums } from '../../device-sim/audit/conservation.ts'
import { auditText, hasPassed } from '../../device-sim/audit/report.ts'
import type { BookLine } from '../../device-sim/book/receivers-book.ts'
import type { Stats } from '../../schemas/api.ts'
import { auditOf, type Point, type Points, pressedAtMs } from '../helpers/audited.ts'

/** The audit must be able to fail: each lie that a gateway, its InfluxDB or its messages could tell, alone. */
test('an honest gateway passes', async () => {
  const { passed, wrong, report } = await auditOf()
  expect({ passed, wrong }).toEqual({ passed: true, wrong: {} })
  expect(report.ledger).toMatchObject({ published: 5, pubacked: 5, presses: 1, devices: 5 })
  expect(report.alarms).toMatchObject({ alarms: 1, messages: 2, undisturbed: { count: 1, maxMs: 20 } })
})

type Doctor = NonNullable<Parameters<typeof auditOf>[0]>
const change = (kind: string, to: Partial<Point>) => (points: Points) => Object.assign(points[kind]![0]!, to)
const twice = (kind: string) => (points: Points) => {
  points[kind]!.push({ ...points[kind]![0]!, time: '2026-11-24T08:00:00.000000009Z', seq: 9 })
}
const also = (line: Partial<BookLine>) => (told: BookLine[]) => [...told, { ...told[0]!, ...line }]

const doctored: readonly [lie: string, finds: object, doctor: Doctor][] = [
  ['an event is not there', { lost: 1 }, { points: points => points.access!.pop() }],
  ['an event is there twice', { doubled: 1 }, { points: twice('face') }],
  ['the door is another', { altered: 1 }, { points: change('access', { door: '西门' }) }],
  ['a score differs in its last digit', { altered: 1 }, { points: change('face', { score: 0.2500001 }) }],
  ['a number is gone', { altered: 1 }, { points: change('vehicle', { speedKmh: null }) }],
  ['a plate has no pseudonym', { altered: 1 }, { points: change('vehicle', { plateKey: '晋A12345' }) }],
  ['a metric was added', { altered: 1 }, { points: change('telemetry', { humidity: 40 }) }],
  ['a metric is missing', { altered: 1 }, { points: change('telemetry', { smokePpm: null }) }],
  ['the time is off', { altered: 1 }, { points: change('access', { time: '2026-11-24T08:00:00.001000001Z' }) }],
  ['it stands at another site', { altered: 1 }, { points: change('alarm', { site: 'school-02' }) }],
  ['the id is another', { lost: 1 }, { points: change('access', { id: 'e-0 x' }) }],
  ['no message tells of the press', { missing: 1 }, { book: () => [] }],
  ['all was answered with 500', { missing: 1 }, { book: told => told.map(line => ({ ...line, status: 500 })) }],
  ['a press is in two alarms', { doubledAlarms: 1 }, { book: also({ id: 'msg-9', subject: 'alarm-2' }) }],
  ['an alarm is raised under two ids', { doubledAlarms: 1 }, { book: also({ id: 'msg-9' }) }],
  ['a signature is bad', { badSignatures: 1 }, { book: also({ id: 'msg-9', signature: 'bad', status: 401 }) }],
]

test.each(doctored)('%s: the audit fails', async (_, expected, doctor) => {
  const { passed, wrong, report } = await auditOf(doctor)
  expect({ passed, wrong }).toEqual({ passed: false, wrong: expected })
  expect(auditText(report)).toMatch(/FAILED$/)
})

test('late and out of order are reported and fail nothing', async () => {
  const late = await auditOf({ book: lines => lines.map(line => ({ ...line, at: line.at + 6000 })) })
  expect({ passed: late.passed, wrong: late.wrong }).toEqual({ passed: true, wrong: { late: 1 } })
  const disorder = await auditOf({ book: lines => lines.toReversed() })
  expect({ passed: disorder.passed, wrong: disorder.wrong }).toEqual({ passed: true, wrong: { outOfOrder: 1 } })
})

test('a deadline does not count while something was down', async () => {
  const outages = [{ fromMs: pressedAtMs + 10, toMs: pressedAtMs + 3000, what: 'gateway kill' }]
  const { wrong, report } = await auditOf({
    outages,
    book: lines => lines.map(line => ({ ...line, at: line.at + 6000 })),
  })
  expect(wrong).toEqual({})
  expect(report.alarms!.undisturbed.count).toBe(0)
})

test('without a puback an event may be there or not, but not twice', async () => {
  const unpubacked = 'door-1'
  expect((await auditOf({ unpubacked })).passed).toBe(true)
  expect((await auditOf({ unpubacked, points: points => points.access!.pop() })).passed).toBe(true)
  const doubled = await auditOf({ unpubacked, points: twice('access') })
  expect(doubled.wrong).toMatchObject({ doubled: 1 })
})

test('what was pubacked a moment ago may still be on its way', async () => {
  const { passed, report } = await auditOf({
    settledMs: pressedAtMs - 1,
    book: () => [],
    points: points => points.access!.pop(),
  })
  expect(passed).toBe(true)
  expect([report.influx!.young, report.alarms!.young]).toEqual([1, 1])
})

const honest: Stats = {
  ...{ received: 12, accepted: 9, duplicate: 2, rejected: 1 },
  consumers: { influx: { done: 5, pending: 3, quarantined: 1 } },
  journal: { lastSeq: 10, bytes: 4096 },
  ...{ deliveries: { pending: 0, delivered: 0, cancelled: 0 }, alarms: { open: 0, closed: 0 }, connections: 1 },
}

test('sums that hold pass, and one that is off by one is named and fails', () => {
  expect(brokenSums(honest, 9)).toEqual([])
  const influx = honest.consumers.influx!
  const lies: [Stats, pubacked: number, says: RegExp][] = [
    [{ ...honest, received: 13 }, 9, /^received 13 /],
    [{ ...honest, duplicate: 1 }, 9, /^received 12 .*duplicate 1/],
    [{ ...honest, consumers: { influx: { ...influx, done: 4 } } }, 9, /^influx: accepted 9 .*done 4/],
    [{ ...honest, consumers: { influx: { ...influx, quarantined: 0 } } }, 9, /^influx: .*quarantined 0/],
    [honest, 10, /^accepted 9 is less than the 10 /],
  ]
  const ledger = { published: 9, pubacked: 9, presses: 0, devices: 1, segments: 1, tornLines: 0 }
  for (const [stats, pubacked, says] of lies) {
    const broken = brokenSums(stats, pubacked)
    expect(broken).toEqual([expect.stringMatching(says)])
    expect(hasPassed({ ledger, stats: { stats, broken }, peakRssBytes: 0 })).toBe(false)
  }
})
