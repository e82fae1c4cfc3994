import { expect, test } from 'vitest'
import { FaultLimit } from '../../gateway/alarms/fault-limit.ts'

const minuteMs = 60_000
const fault = { code: 'influx-quarantined', subject: 'influx', message: 'refused' }

test('a fault that goes on is told once in ten minutes, then with how often it showed meanwhile', () => {
  const limit = new FaultLimit()
  expect(limit.take(fault, 0)).toEqual(fault)
  for (let minute = 1; minute < 10; minute++) expect(limit.take(fault, minute * minuteMs)).toBeUndefined()
  expect(limit.take(fault, 10 * minuteMs)).toEqual({
    ...fault,
    message: 'refused (and 9 times more since it was last told)',
  })
  expect(limit.take(fault, 25 * minuteMs)).toEqual(fault)
})

test('another code or subject is another fault', () => {
  const limit = new FaultLimit()
  for (const other of [fault, { ...fault, code: 'endpoint-failing' }, { ...fault, subject: 'centre' }])
    expect(limit.take(other, 0)).toEqual(other)
})
