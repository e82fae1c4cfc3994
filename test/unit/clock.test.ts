import { expect, test } from 'vitest'
import { GatewayClock } from '../../gateway/clock.ts'
import { EndpointClocks } from '../../gateway/webhook/endpoint-clock.ts'

/** A computer whose clocks the test is. */
function computer() {
  const start = Date.parse('2026-11-24T08:00:00Z')
  let passed = 0
  let setBy = 0
  let readTakesMs = 0
  return {
    source: {
      wallMs: () => {
        passed += readTakesMs
        return start + passed + setBy
      },
      monotonicMs: () => 5000.25 + passed,
    },
    start,
    pass(ms: number) {
      passed += ms
    },
    set(byMs: number) {
      setBy += byMs
    },
    readsTake(ms: number) {
      readTakesMs = ms
    },
  }
}

test('it shows whole milliseconds, and what passed, whatever the system is set to', () => {
  const { source, start, pass, set } = computer()
  const clock = new GatewayClock(source)
  expect(clock.now()).toBe(start)
  pass(1500.6)
  expect(clock.now()).toBe(start + 1501)
  set(-3_600_000)
  expect(clock.now()).toBe(start + 1501)
  expect(clock.steady()).toBe(start + 1501)
})

test('a step shows until it is adopted; then it has the new time, and what is steady has not', () => {
  const { source, start, pass, set } = computer()
  const clock = new GatewayClock(source)
  for (const byMs of [-3_600_000, 3_600_000, 365 * 86_400_000, 1001]) {
    const before = clock.now()
    const steady = clock.steady()
    set(byMs)
    expect(clock.step()).toBe(byMs)
    expect(clock.step()).toBe(byMs)
    expect(clock.now()).toBe(before)
    clock.adopt(byMs)
    expect(clock.now()).toBe(before + byMs)
    expect(clock.step()).toBe(0)
    expect(clock.steady()).toBe(steady)
  }
  pass(10)
  expect(clock.steady()).toBe(start + 10)
})

test.each([900, -900])(
  'a small difference of %d ms is made up for by a millisecond at a time, and it never goes back',
  byMs => {
    const { source, start, pass, set } = computer()
    const clock = new GatewayClock(source)
    set(byMs)
    for (let look = 1; look <= 1000; look++) {
      const last = clock.now()
      expect(clock.step()).toBe(0)
      const now = clock.now()
      expect(now).toBeGreaterThanOrEqual(last)
      expect(now - last).toBeLessThanOrEqual(1)
      pass(250)
    }
    expect(Math.abs(clock.now() - (start + 250_000 + byMs))).toBeLessThanOrEqual(1)
  },
)

test('a process that was held up between its two clocks takes that for no step', () => {
  const { source, readsTake, set } = computer()
  const clock = new GatewayClock(source)
  readsTake(5000)
  expect(clock.step()).toBe(0)
  readsTake(0)
  expect(clock.step()).toBe(0)
  set(5000)
  expect(clock.step()).toBe(5000)
})

test('an endpoint that refuses and has another time is signed for at its own, within a day', () => {
  const clocks = new EndpointClocks()
  const now = Date.parse('2026-11-24T08:00:00Z')
  expect(clocks.at('centre', now)).toBe(now)
  expect(clocks.refused('centre', now + 30_000, now)).toBeUndefined()
  expect(clocks.at('centre', now)).toBe(now)
  expect(clocks.refused('centre', now - 3_600_000, now)).toBe(-3_600_000)
  expect(clocks.at('centre', now + 5)).toBe(now + 5 - 3_600_000)
  // It refuses that too: the time that it says isn't what it goes by. From then on the two take turns.
  expect(clocks.refused('centre', now - 3_601_000, now)).toBeUndefined()
  expect(clocks.at('centre', now)).toBe(now)
  expect(clocks.refused('centre', now - 3_600_000, now)).toBe(-3_600_000)
  expect(clocks.at('district', now)).toBe(now)
  // Nobody has a signature made for another day, and the gateway's own clock may have been set right.
  expect(clocks.refused('centre', now + 26 * 3_600_000, now)).toBeUndefined()
  expect(clocks.at('centre', now)).toBe(now)
  expect(clocks.refused('centre', undefined, now)).toBeUndefined()
})
