import { describe, expect, test } from 'vitest'
import { deadlinesAfter, deadlinesAtRaise, missedAt, planFor } from '../../gateway/alarms/deadlines.ts'
import { newAlarm } from '../helpers/alarm.ts'

const at = Date.parse('2026-11-24T08:00:00.000Z')
const secondsOn = (seconds: number) => new Date(at + seconds * 1000).toISOString()
const alarm = newAlarm()
const plan = planFor([], alarm)

describe('the plan', () => {
  test('defaults are those of the field: 5 s, 30 60 90 s, 60 s, and the class of the site', () => {
    expect(plan).toEqual({
      deliverS: 5,
      acknowledgeS: [30, 60, 90],
      dispatchS: 60,
      arriveS: alarm.site.responseMinutes * 60,
    })
  })

  test('the first rule that fits site kind and mode counts, and what it leaves out stays', () => {
    const rules = [
      { siteKind: 'compound' as const, deliverS: 9 },
      { mode: 'test' as const, acknowledgeS: [300] },
      { siteKind: alarm.site.kind, dispatchS: 20, arriveMinutes: 4 },
      { dispatchS: 1 },
    ]
    expect(planFor(rules, { ...alarm, mode: 'actual' })).toEqual({ ...plan, dispatchS: 20, arriveS: 240 })
    expect(planFor(rules, { ...alarm, mode: 'test' })).toEqual({ ...plan, acknowledgeS: [300] })
  })
})

describe('an alarm’s deadlines', () => {
  const raised = deadlinesAtRaise(plan, at)
  test('begin with the press', () => {
    expect(raised).toEqual({
      deliver: secondsOn(5),
      acknowledge: secondsOn(30),
      'acknowledge-2': secondsOn(60),
      'acknowledge-3': secondsOn(90),
    })
  })

  test('follow its stages: what is met goes, what begins is there', () => {
    const { deliver: _met, ...delivered } = raised
    expect(deadlinesAfter(plan, raised, 'delivered', at)).toEqual(delivered)
    expect(deadlinesAfter(plan, delivered, 'acknowledged', at)).toEqual({ dispatch: secondsOn(60) })
    expect(deadlinesAfter(plan, {}, 'dispatched', at)).toEqual({ arrive: secondsOn(plan.arriveS) })
    expect(deadlinesAfter(plan, { arrive: secondsOn(9) }, 'arrived', at)).toEqual({})
    expect(deadlinesAfter(plan, { dispatch: secondsOn(9) }, 'closed', at)).toEqual({})
  })

  test.each([
    [4.999, []],
    [5, ['deliver']],
    [60, ['deliver', 'acknowledge', 'acknowledge-2']],
    [3600, ['deliver', 'acknowledge', 'acknowledge-2', 'acknowledge-3']],
  ])('%d s after the press these are missed: %j', (seconds, names) => {
    expect(missedAt(raised, at + seconds * 1000)).toEqual(names)
  })
})
