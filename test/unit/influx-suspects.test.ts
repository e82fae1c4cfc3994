import { afterEach, expect, test } from 'vitest'
import type { Refused } from '../../gateway/influx/halving.ts'
import { createSuspects } from '../../gateway/influx/suspects.ts'

/** A point that InfluxDB refused is tried again for some seconds before it is given up. */
const suspect = (seq: number, reason = 'conflict'): Refused => ({ seq, reason, point: { measurement: 'face' } })
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

function suspects(answers: (points: Refused[], call: number) => Refused[]) {
  const seen = { calls: 0, nowMs: 0 }
  const made = createSuspects({
    write: async points => {
      seen.calls += 1
      return answers(points, seen.calls)
    },
    tries: 5,
    everyMs: 1,
    clock: () => seen.nowMs,
  })
  closing.push(made.close)
  return { ...made, seen }
}

test('is given up after five refusals, with the last reason', async () => {
  const { settle, seen } = suspects(points => points.map(point => ({ ...point, reason: `refusal ${seen.calls}` })))
  expect(await settle([suspect(1), suspect(2)])).toEqual([
    { seq: 1, reason: 'refusal 5' },
    { seq: 2, reason: 'refusal 5' },
  ])
  expect(seen.calls).toBe(5)
})

test('what InfluxDB takes in the end is not given up', async () => {
  const { settle, seen } = suspects((points, call) => (call < 5 ? points : []))
  expect(await settle([suspect(1)])).toEqual([])
  expect(seen.calls).toBe(5)
})

test('an outage costs no try', async () => {
  const { settle, seen } = suspects((points, call) => {
    if (call <= 20) throw new Error('down')
    return call < 24 ? points : []
  })
  expect(await settle([suspect(1)])).toEqual([])
  expect(seen.calls).toBe(24)
})

test('a reason that held is believed for a minute', async () => {
  const { settle, seen } = suspects(points => points)
  await settle([suspect(1)])
  expect(await settle([suspect(2)])).toEqual([{ seq: 2, reason: 'conflict' }])
  expect(seen.calls).toBe(5)
  seen.nowMs = 60_001
  await settle([suspect(3)])
  expect(seen.calls).toBe(10)
})

test('one reason that is believed does not make another believed', async () => {
  const { settle, seen } = suspects(points => points.filter(({ reason }) => reason === 'conflict'))
  await settle([suspect(1)])
  expect(await settle([suspect(2), suspect(3, 'something else')])).toEqual([{ seq: 2, reason: 'conflict' }])
  expect(seen.calls).toBe(6)
})

test('rejects when closed, so that the cursor stays before it', async () => {
  const { settle, close } = suspects(points => points)
  const settled = settle([suspect(1)])
  close()
  await expect(settled).rejects.toThrow()
})
