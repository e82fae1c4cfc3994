import { expect, test } from 'vitest'
import { Indications } from '../../gateway/alarms/indications.ts'
import { type Input, step } from '../../gateway/alarms/life-cycle.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import { newAlarm } from '../helpers/alarm.ts'

const at = Date.parse('2026-11-24T08:00:00.000Z')
function after(alarm: Alarm, input: Input) {
  const result = step(alarm, input)
  if ('refused' in result) throw new Error(result.refused)
  return result
}

test('each stage is shown once: a further endpoint that takes the alarm is no news at the device', () => {
  const indications = new Indications()
  const first = after(newAlarm(), { from: 'endpoint', what: 'delivered', at, by: 'centre' })
  const second = after(first.alarm, { from: 'endpoint', what: 'delivered', at, by: 'station' })
  const pressed = after(second.alarm, { from: 'device', what: 'pressed', at, eventId: 'p', mode: 'actual' })
  expect([first, second, pressed].map(({ alarm, line }) => indications.isNew(alarm, line))).toEqual([
    true,
    false,
    false,
  ])
})

test('a device that was away when its alarm was closed is told when it is back', () => {
  const indications = new Indications()
  const taken = after(newAlarm(), { from: 'person', what: 'acknowledged', at, by: '王' })
  const { alarm, line } = after(taken.alarm, { from: 'person', what: 'closed', at, by: '王', disposition: 'false' })
  expect(indications.of(alarm.device.id, [taken.alarm])).toEqual([taken.alarm])
  expect(indications.isNew(alarm, line)).toBe(true)
  expect(indications.of(alarm.device.id, [])).toEqual([alarm])
  expect(indications.of('another', [])).toEqual([])
  // A new alarm of it counts more than the old one.
  expect(indications.of(alarm.device.id, [taken.alarm])).toEqual([taken.alarm])
})
