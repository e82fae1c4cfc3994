import { expect, test } from 'vitest'
import { step } from '../../gateway/alarms/life-cycle.ts'
import { asSeen, inOrder, neighbourOf, newestOf, shownOf } from '../../gateway/console/app/board/order.ts'
import { bodyOf, dispositionAtFirst, hindranceOf, nextSteps, unitsOf } from '../../gateway/console/app/board/steps.ts'
import { isStillSo, troubleOf } from '../../gateway/console/app/board/trouble.ts'
import { isBlind, isRinging, titleOf } from '../../gateway/console/app/ring.ts'
import { stages } from '../../schemas/alarm.ts'
import { roles } from '../../schemas/api.ts'
import { after, alarmOf, line, pressedAt } from './console-alarm.ts'

const none = new Set<string>()
const first = alarmOf({ id: 'first' })
const second = alarmOf({ id: 'second', receivedAt: after(10) })
const taken = alarmOf({ id: 'taken', stage: 'acknowledged', deadlines: { dispatch: after(60) } })
const drill = alarmOf({ id: 'drill', mode: 'drill', receivedAt: after(-50) })
const closed = alarmOf({ id: 'closed', stage: 'closed', deadlines: {} })
const idsOf = (alarms: readonly { id: string }[]) => alarms.map(({ id }) => id)

test('what nobody has taken over is on top, the longest waiting first; a drill is below all that is real', () => {
  expect(idsOf(inOrder([drill, taken, second, first]))).toEqual(['first', 'second', 'taken', 'drill'])
})

test('an alarm opens by itself where nothing is open, and never takes the place of one that somebody works on', () => {
  expect(shownOf(undefined, [drill, second, first], none)?.id).toBe('first')
  expect(shownOf(taken, [first, taken], none)?.id).toBe('taken')
  expect(shownOf(closed, [first], none)?.id).toBe('first')
  // What was just closed stays to be seen while nothing waits.
  expect(shownOf(closed, [taken], none)?.id).toBe('closed')
  expect(shownOf(undefined, [taken], none)?.id).toBe('taken')
  expect(shownOf(undefined, [first, second], new Set([asSeen(first)]))?.id).toBe('second')
  expect(shownOf(undefined, [first], new Set([asSeen(first)]))).toBeUndefined()
  // A drill that nobody has taken over gives way to what is real; one that somebody works on stays.
  expect(shownOf(drill, [drill, first], none)?.id).toBe('first')
  expect(shownOf(drill, [drill, taken], none)?.id).toBe('drill')
  const drillTaken = alarmOf({ mode: 'drill', id: 'd2', stage: 'acknowledged', deadlines: { dispatch: after(60) } })
  expect(shownOf(drillTaken, [drillTaken, first], none)?.id).toBe('d2')
})

test('a drill that was put away opens by itself once it is real', () => {
  const away = new Set([asSeen(drill)])
  expect(shownOf(undefined, [drill], away)).toBeUndefined()
  expect(shownOf(undefined, [{ ...drill, mode: 'actual' }], away)?.id).toBe('drill')
})

test('what is spoken is the one that came last, not the one that waits longest', () => {
  expect(newestOf([first, second, taken, drill])?.id).toBe('second')
  expect(newestOf([taken, closed])).toBeUndefined()
})

test('that nobody knows whether a step was done is said only until the alarm shows it', () => {
  const unsure = troubleOf(new TypeError('network'), 'acknowledge')
  const seen = (['raised', 'delivered', 'acknowledged'] as const).map(stage => isStillSo(unsure, alarmOf({ stage })))
  expect(seen).toEqual([true, true, false])
  // Who was first is said after that stage was reached.
  expect(isStillSo({ is: 'conflict', by: '王', stage: 'acknowledged' }, taken)).toBe(true)
})

test('keys go up and down the list and stop at its ends', () => {
  const list = [first, second]
  expect(neighbourOf(list, 'first', 1)?.id).toBe('second')
  expect(neighbourOf(list, 'second', 1)).toBeUndefined()
  expect(neighbourOf(list, undefined, 1)?.id).toBe('first')
  expect(neighbourOf(list, undefined, -1)?.id).toBe('second')
})

const reached = { acknowledge: 'acknowledged', dispatch: 'dispatched', arrive: 'arrived', close: 'closed' } as const

test("the steps that are offered are exactly those that the gateway's life cycle allows", () => {
  for (const stage of stages) {
    const { main, others } = nextSteps(stage)
    const allowed = (Object.keys(reached) as (keyof typeof reached)[]).filter(action => {
      const input = { from: 'person', what: reached[action], at: pressedAt, by: '王', disposition: 'real' }
      return !('refused' in step(alarmOf({ stage }), input as never))
    })
    expect([main, ...others].filter(Boolean).sort(), stage).toEqual(allowed.sort())
  }
})

test('a viewer may do nothing, whoever else waits while it is not live', () => {
  expect(roles.map(role => hindranceOf(role, true))).toEqual(['viewer', undefined, undefined])
  expect(hindranceOf('dispatcher', false)).toBe('not-live')
  expect(hindranceOf(undefined, true)).toBe('viewer')
})

test('closing needs what it was; a drill is one already', () => {
  const entered = { unit: ' 1号车 ', disposition: undefined, note: ' 门卫误触 ' }
  expect(bodyOf('acknowledge', '王', entered)).toEqual({ by: '王' })
  expect(bodyOf('dispatch', '王', entered)).toEqual({ by: '王', unit: '1号车' })
  expect(bodyOf('dispatch', '王', { ...entered, unit: '' })).toEqual({ by: '王' })
  expect(bodyOf('close', '王', entered)).toBeUndefined()
  expect(bodyOf('close', '王', { ...entered, disposition: 'false' })).toEqual({
    by: '王',
    disposition: 'false',
    note: '门卫误触',
  })
  expect([first, drill].map(dispositionAtFirst)).toEqual([undefined, 'drill'])
})

test('units that were sent before are offered, the latest first and each once', () => {
  const sent = (seconds: number, unit: string) => alarmOf({ history: [line(seconds, 'dispatched', { unit })] })
  expect(unitsOf([sent(1, '1号车'), sent(9, '2号车'), sent(5, '1号车'), first])).toEqual(['2号车', '1号车'])
})

test('only what is real and not taken over rings', () => {
  expect([first, taken, drill, alarmOf({ mode: 'test' }), closed].map(isRinging)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ])
})

test('the title shouts every other second while it rings, and counts what is open', () => {
  expect(titleOf([first, drill], 2000, 'ALARM')).toBe('▲▲ ALARM (1)')
  expect(titleOf([first, drill], 3000, 'ALARM')).toBe('(2) Gatehouse')
  expect(titleOf([drill], 2000, 'ALARM')).toBe('(1) Gatehouse')
  expect(titleOf([], 2000, 'ALARM')).toBe('Gatehouse')
})

test('nothing would be heard while the line is lost for long or the gateway ended the session; the title says so', () => {
  expect(isBlind('lost', 9000, undefined)).toBe(false)
  expect(isBlind('lost', 10_000, undefined)).toBe(true)
  expect(isBlind('live', 0, 'unknown')).toBe(true)
  // Who left by hand doesn't watch, and neither does who has just come.
  expect(isBlind('lost', 60_000, 'left')).toBe(false)
  expect(isBlind('connecting', 0, undefined)).toBe(false)
  expect(titleOf([], 2000, 'ALARM', 'not live')).toBe('⚠ not live Gatehouse')
  expect(titleOf([first], 3000, 'ALARM', 'not live')).toBe('⚠ not live (1) Gatehouse')
  expect(titleOf([first], 2000, 'ALARM', 'not live')).toBe('▲▲ ALARM (1)')
})
