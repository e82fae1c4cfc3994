import { expect, test } from 'vitest'
import { RightOfWay } from '../../gateway/journal/right-of-way.ts'

/** Asks each millisecond; how many of them had it. */
function had(way: RightOfWay, clock: { ms: number }, forMs: number, isAlarmUnderWay: boolean): number {
  let given = 0
  for (let n = 0; n < forMs; n++) {
    clock.ms++
    if (way.isGiven(isAlarmUnderWay)) given++
  }
  return given
}

function start() {
  const clock = { ms: 5000 }
  return { clock, way: new RightOfWay(() => clock.ms) }
}

test('one alarm has it from its first moment until it is followed', () => {
  const { clock, way } = start()
  expect(had(way, clock, 1000, false)).toBe(0)
  expect(had(way, clock, 60, true)).toBe(60)
  expect(had(way, clock, 10, false)).toBe(0)
})

test('an alarm that is never followed, for a sick disk say, gives it back', () => {
  const { clock, way } = start()
  expect(had(way, clock, 90, true)).toBe(90)
  const long = had(way, clock, 9000, true)
  expect(long).toBeLessThan(6300)
  expect(long).toBeGreaterThan(5000)
})

test('alarms one after the other leave a third of the time to the rest', () => {
  const { clock, way } = start()
  let given = 0
  for (let alarm = 0; alarm < 1000; alarm++) given += had(way, clock, 9, true) + had(way, clock, 1, false)
  expect(given).toBeLessThan(7000)
})

test('after a pause the next alarm has it at once again', () => {
  const { clock, way } = start()
  had(way, clock, 1000, true)
  had(way, clock, 50, false)
  expect(had(way, clock, 60, true)).toBe(60)
})
