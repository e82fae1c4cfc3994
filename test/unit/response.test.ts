import { expect, test } from 'vitest'
import { type Input, step } from '../../gateway/alarms/life-cycle.ts'
import { legsOf } from '../../gateway/alarms/response.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import { newAlarm } from '../helpers/alarm.ts'

const start = newAlarm()
const receivedAt = Date.parse(start.receivedAt)
const seconds = (count: number) => receivedAt + count * 1000

/** The alarm after these inputs; each must be taken. */
function through(inputs: Input[]): Alarm {
  return inputs.reduce((alarm, input) => {
    const result = step(alarm, input)
    if ('refused' in result) throw new Error(`${input.what}: ${result.refused}`)
    return result.alarm
  }, start)
}
const person = { from: 'person', by: '王' } as const
const delivered = (at: number, by: string): Input => ({ from: 'endpoint', what: 'delivered', at, by })

test('each leg is clocked apart; one that was left out is null', () => {
  const closed = through([
    delivered(seconds(1), 'centre'),
    { ...person, what: 'acknowledged', at: seconds(11) },
    { ...person, what: 'dispatched', at: seconds(31) },
    { ...person, what: 'closed', at: seconds(100), disposition: 'false' },
  ])
  expect(legsOf(closed)).toEqual({
    deliverMs: 1000,
    acknowledgeMs: 11_000,
    dispatchMs: 20_000,
    arriveMs: null,
    closeMs: 100_000,
  })
})

test('a crowd of presses, endpoints and missed deadlines changes no leg', () => {
  const crowd = (from: number): Input[] =>
    Array.from({ length: 20 }, (_, index) => [
      { from: 'device', what: 'pressed', at: seconds(from), eventId: `p-${from}-${index}`, mode: 'actual' } as const,
      delivered(seconds(from), `endpoint-${from}-${index}`),
      { from: 'clock', what: 'escalated', at: seconds(from), by: `deadline-${from}-${index}` } as const,
    ]).flat()
  const closed = through([
    ...crowd(2),
    { ...person, what: 'acknowledged', at: seconds(30) },
    ...crowd(40),
    { ...person, what: 'dispatched', at: seconds(50) },
    ...crowd(60),
    { ...person, what: 'arrived', at: seconds(200) },
    ...crowd(210),
    { ...person, what: 'closed', at: seconds(300), disposition: 'real' },
  ])
  expect(closed.history.length).toBeLessThanOrEqual(30)
  expect(legsOf(closed)).toEqual({
    deliverMs: 2000,
    acknowledgeMs: 30_000,
    dispatchMs: 20_000,
    arriveMs: 150_000,
    closeMs: 300_000,
  })
})
