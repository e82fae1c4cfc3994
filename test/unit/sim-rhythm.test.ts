import { expect, test } from 'vitest'
import { shanghaiTime, shanghaiWeekMs } from '../../device-sim/clock.ts'
import { createPace } from '../../device-sim/pace.ts'
import { populationOf } from '../../device-sim/payloads.ts'
import { clockMs, inboundShare, peakPerHour, ratePerHour } from '../../device-sim/rhythm.ts'
import { timetable } from '../../device-sim/timetable.ts'
import { deviceKinds, siteKinds } from '../../schemas/registry.ts'

const dayMs = 86_400_000
const at = (clock: string, day = 0) => clockMs(clock)! + day * dayMs
const school = (clock: string, day?: number) => ratePerHour('school', 'access-controller', at(clock, day))

test('a school is busy when children come and go, and quiet at night and on Sunday', () => {
  for (const peak of ['07:30', '07:50', '08:10', '16:30', '17:00', '17:30']) {
    expect(school(peak)).toBeGreaterThanOrEqual(320)
    for (const lull of ['02:00', '05:00', '10:00', '14:00', '21:00'])
      expect(school(peak)).toBeGreaterThan(10 * school(lull))
  }
  expect(school('11:45')).toBeGreaterThan(5 * school('10:30'))
  expect(school('07:50', 6)).toBeLessThan(20)
  expect(school('07:50', 7)).toBe(school('07:50'))
})

test('compounds and roads have two commutes a day', () => {
  for (const [site, device] of [
    ['compound', 'access-controller'],
    ['compound', 'vehicle-checkpoint'],
    ['checkpoint', 'vehicle-checkpoint'],
    ['checkpoint', 'face-checkpoint'],
  ] as const)
    for (const commute of ['08:00', '18:15'])
      for (const other of ['03:00', '11:00', '23:00'])
        expect(ratePerHour(site, device, at(commute))).toBeGreaterThan(1.5 * ratePerHour(site, device, at(other)))
  expect(inboundShare('school', at('07:50'))).toBeGreaterThan(0.9)
  expect(inboundShare('compound', at('07:50'))).toBeLessThan(0.3)
})

test('no moment of the week is busier than the peak that the timetable is drawn from', () => {
  for (const site of siteKinds)
    for (const device of deviceKinds)
      for (let ms = 0; ms < 7 * dayMs; ms += 300_000)
        expect(ratePerHour(site, device, ms)).toBeLessThanOrEqual(peakPerHour(site, device))
})

test('a timetable keeps to the rhythm: events of one hour come as often as the rates say', () => {
  const site = { id: 'checkpoint-01', kind: 'checkpoint' as const }
  const device = { id: 'checkpoint-01-vehicle-01', kind: 'vehicle-checkpoint' as const }
  const source = { device, siteKind: site.kind, population: populationOf('1', site) }
  const counts = { rush: 0, night: 0 }
  for (const { atMs } of timetable(source, '1', 0)) {
    if (atMs > 5 * dayMs) break
    if (atMs % dayMs >= at('07:30') && atMs % dayMs < at('08:30')) counts.rush += 1
    if (atMs % dayMs >= at('02:00') && atMs % dayMs < at('03:00')) counts.night += 1
  }
  // Five workdays at 620 an hour (σ = 56), and at 10 to 12 an hour (σ = 7).
  expect(counts.rush).toBeGreaterThan(3100 - 280)
  expect(counts.rush).toBeLessThan(3100 + 280)
  expect(counts.night).toBeGreaterThan(20)
  expect(counts.night).toBeLessThan(90)
})

test('a pace of ×60 lets a minute of the week go by in a second, and catches up at most one second of a pause', () => {
  let now = 1000
  const pace = createPace({ speed: 60 }, 0, () => now)
  now += 500
  expect(pace.take(30_000)).toBe(true)
  expect(pace.take(30_001)).toBe(false)
  expect(pace.latenessMs(0)).toBe(500)
  now += 3_600_000
  expect(pace.take(90_000)).toBe(true)
  expect(pace.take(90_001)).toBe(false)
})

test('a pace by rate lets so many events out per second, whenever they are due', () => {
  let now = 0
  const pace = createPace({ rate: 200 }, 0, () => now)
  let sent = 0
  for (; now < 3000; now += 10) while (pace.take(1e12)) sent += 1
  expect(sent).toBeGreaterThanOrEqual(597)
  expect(sent).toBeLessThanOrEqual(600)
})

test('device times are Shanghai times', () => {
  const ms = Date.parse('2026-11-23T00:15:00.250Z') // a Monday
  expect(shanghaiTime(ms)).toBe('2026-11-23T08:15:00.250+08:00')
  expect(shanghaiWeekMs(ms)).toBe(at('08:15') + 250)
  expect(clockMs('24:00')).toBeUndefined()
  expect(clockMs('7:30')).toBeUndefined()
})
