import { describe, expect, test } from 'vitest'
import { Batteries } from '../../gateway/devices/battery.ts'
import { SelfTests } from '../../gateway/devices/self-test.ts'

const hourMs = 60 * 60_000
const startedAt = Date.UTC(2026, 8, 1, 8, 0, 0)

describe('a battery', () => {
  test.each([
    ['full', [100, 80, 20], []],
    ['low', [20, 19.9], [19.9]],
    ['low, and lower', [19, 12, 3], [19]],
    ['wavering at the limit', [21, 19, 21, 19, 24, 18], [19]],
    ['charged and low again', [19, 25, 19], [19, 19]],
  ])('%s', (_, levels, told) => {
    const batteries = new Batteries()
    const faults = levels.filter(level => batteries.heard('button-1', level) !== undefined)
    expect(faults).toEqual(told)
    expect(batteries.level('button-1')).toBe(levels.at(-1))
  })

  test('is told with its level, by the device', () => {
    expect(new Batteries().heard('button-1', 7.4)).toEqual({
      code: 'battery-low',
      subject: 'button-1',
      message: 'the battery of button-1 is at 7 %; change it',
    })
  })

  test('that was told before a restart is not told again, until it was charged', () => {
    const batteries = new Batteries(['button-1'])
    expect([15, 90, 15].map(level => batteries.heard('button-1', level)?.code)).toEqual([
      undefined,
      undefined,
      'battery-low',
    ])
    expect(batteries.heard('button-2', 15)).toBeDefined()
  })
})

describe('a self test', () => {
  const sites = [{ id: 'school-01', selfTest: true }, { id: 'school-02', selfTest: false }, { id: 'school-03' }]
  const none = new Map<string, number>()
  const subjects = (tests: SelfTests, now: number) => tests.tick(now).map(({ code, subject }) => `${code} ${subject}`)

  test('is overdue 25 h after the last, told once, and again 25 h after the next', () => {
    const tests = new SelfTests(sites, new Map([['school-01', startedAt - 24 * hourMs]]), none, startedAt)
    expect(subjects(tests, startedAt + hourMs - 1)).toEqual([])
    expect(subjects(tests, startedAt + hourMs)).toEqual(['self-test-overdue school-01'])
    expect(subjects(tests, startedAt + 100 * hourMs)).toEqual([])
    tests.tested('school-01', startedAt + 100 * hourMs)
    expect(subjects(tests, startedAt + 125 * hourMs - 1)).toEqual([])
    expect(subjects(tests, startedAt + 125 * hourMs)).toEqual(['self-test-overdue school-01'])
  })

  test('of a site that never had one counts from the start', () => {
    const tests = new SelfTests(sites, none, none, startedAt)
    expect(subjects(tests, startedAt + 25 * hourMs - 1)).toEqual([])
    expect(subjects(tests, startedAt + 25 * hourMs)).toEqual(['self-test-overdue school-01'])
  })

  test('that was told as overdue before a restart is not told again; one before the last test doesn’t count', () => {
    const long = new Map([['school-01', startedAt - 60 * hourMs]])
    const after = new SelfTests(sites, long, new Map([['school-01', startedAt - 35 * hourMs]]), startedAt)
    expect(subjects(after, startedAt)).toEqual([])
    const before = new SelfTests(sites, long, new Map([['school-01', startedAt - 70 * hourMs]]), startedAt)
    expect(subjects(before, startedAt)).toEqual(['self-test-overdue school-01'])
  })

  test('of a site that is not on the schedule is nobody’s', () => {
    const tests = new SelfTests(sites, none, none, startedAt)
    tests.tested('school-02', startedAt)
    tests.tested('school-01', startedAt + 24 * hourMs)
    expect(subjects(tests, startedAt + 48 * hourMs)).toEqual([])
  })
})
