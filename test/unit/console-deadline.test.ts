import { describe, expect, test } from 'vitest'
import { clockOf, isUnacknowledged } from '../../gateway/console/app/board/deadline.ts'
import { escalationsOf, pressing } from '../../gateway/console/app/board/told.ts'
import { after, alarmOf, line, pressedAt } from './console-alarm.ts'

const at = (seconds: number) => pressedAt + seconds * 1000

test('it counts against 30 s, is late from two thirds on, and missed at the deadline', () => {
  const seen = [0, 19.999, 20, 29.999, 30].map(seconds => clockOf(alarmOf(), at(seconds))?.pressure)
  expect(seen).toEqual(['calm', 'calm', 'late', 'late', 'missed'])
  expect(clockOf(alarmOf(), at(23))).toMatchObject({
    waitsFor: 'acknowledge',
    elapsedMs: 23_000,
    allowedMs: 30_000,
    leftMs: 7000,
  })
})

test('a deadline that was missed is no more in the alarm, and still counts', () => {
  const missed = alarmOf({
    escalationLevel: 1,
    deadlines: { 'acknowledge-2': after(60), 'acknowledge-3': after(90) },
    history: [line(0, 'raised', { mode: 'actual' }), line(30.012, 'escalated', { by: 'acknowledge' })],
  })
  expect(clockOf(missed, at(41))).toMatchObject({ elapsedMs: 41_000, allowedMs: 30_000, pressure: 'missed' })
})

test('each leg counts from the step before it', () => {
  const taken = alarmOf({
    stage: 'acknowledged',
    deadlines: { dispatch: after(85) },
    history: [line(0, 'raised'), line(25, 'acknowledged', { by: '王' })],
  })
  expect(clockOf(taken, at(35))).toMatchObject({ waitsFor: 'dispatch', elapsedMs: 10_000, allowedMs: 60_000 })
  const sent = alarmOf({
    stage: 'dispatched',
    deadlines: { arrive: after(220) },
    history: [line(0, 'raised'), line(40, 'dispatched', { by: '王', unit: '1号车' })],
  })
  expect(clockOf(sent, at(170))).toMatchObject({ waitsFor: 'arrive', leftMs: 50_000, pressure: 'late' })
  const there = alarmOf({ stage: 'arrived', deadlines: {}, history: [line(0, 'raised'), line(100, 'arrived')] })
  expect(clockOf(there, at(130))).toEqual({
    waitsFor: 'settled',
    elapsedMs: 30_000,
    allowedMs: undefined,
    leftMs: undefined,
    pressure: 'calm',
  })
  expect(clockOf(alarmOf({ stage: 'closed', deadlines: {} }), at(1))).toBeUndefined()
})

test('a dispatch that was missed is counted against the time it had', () => {
  const late = alarmOf({
    stage: 'acknowledged',
    deadlines: {},
    history: [line(0, 'raised'), line(10, 'acknowledged'), line(70.02, 'escalated', { by: 'dispatch' })],
  })
  expect(clockOf(late, at(80))).toMatchObject({ waitsFor: 'dispatch', allowedMs: 60_000, pressure: 'missed' })
})

test('a real press in a drill that somebody had taken over is to be taken over anew, from that press on', () => {
  const turned = alarmOf({
    mode: 'actual',
    stage: 'dispatched',
    deadlines: { acknowledge: after(150), arrive: after(300) },
    history: [
      line(0, 'raised', { mode: 'drill' }),
      line(20, 'acknowledged'),
      line(40, 'dispatched'),
      line(120, 'pressed', { mode: 'actual' }),
    ],
  })
  expect(isUnacknowledged(turned)).toBe(true)
  expect(clockOf(turned, at(130))).toMatchObject({ waitsFor: 'acknowledge', elapsedMs: 10_000, allowedMs: 30_000 })
})

describe('a drill that turned real after it had been taken over', () => {
  const begun = [
    line(0, 'raised', { mode: 'drill' }),
    line(20, 'acknowledged'),
    line(40, 'pressed', { mode: 'actual' }),
  ]
  const missed = [30, 60, 90].map((seconds, index) =>
    line(40 + seconds, 'escalated', { by: index === 0 ? 'acknowledge' : `acknowledge-${index + 1}` }),
  )
  const turned = { mode: 'actual', stage: 'acknowledged', deadlines: {} } as const

  test('rings on when all the deadlines to take it over anew are missed', () => {
    const alarm = alarmOf({ ...turned, history: [...begun, ...missed] })
    expect(isUnacknowledged(alarm)).toBe(true)
    expect(clockOf(alarm, at(140))).toMatchObject({ waitsFor: 'acknowledge', elapsedMs: 100_000, pressure: 'missed' })
  })
  test('and no more once a person took a step, whatever the contact does then', () => {
    const history = [...begun, ...missed, line(135, 'dispatched')]
    expect(isUnacknowledged(alarmOf({ ...turned, stage: 'dispatched', history }))).toBe(false)
    // The press that made it real gave way in the history to later ones.
    const flapping = [...history.toSpliced(2, 1), line(150, 'pressed', { mode: 'actual' })]
    expect(isUnacknowledged(alarmOf({ ...turned, stage: 'dispatched', history: flapping }))).toBe(false)
    expect(isUnacknowledged(alarmOf({ ...turned, stage: 'closed', history: [...begun, ...missed] }))).toBe(false)
  })
  test('one that was taken over late is taken over', () => {
    const late = [line(0, 'raised'), line(30, 'escalated', { by: 'acknowledge' }), line(35, 'acknowledged')]
    expect(isUnacknowledged(alarmOf({ ...turned, history: late }))).toBe(false)
  })
})

test('whoever is told because of a missed deadline is named with it; who knew before is not', () => {
  const history = [
    line(1, 'delivered', { by: 'command-centre' }),
    line(30, 'escalated', { by: 'acknowledge' }),
    line(31, 'delivered', { by: 'bureau' }),
    line(31.5, 'delivered', { by: 'command-centre' }),
    line(60, 'escalated', { by: 'acknowledge-2' }),
  ]
  const escalations = escalationsOf(alarmOf({ history }))
  expect(escalations).toEqual([
    { at: after(30), missed: 'acknowledge', told: ['bureau'] },
    { at: after(60), missed: 'acknowledge-2', told: [] },
  ])
  expect(pressing(escalations, alarmOf({ history }))).toHaveLength(2)
  // Once somebody took it over it presses no more.
  expect(pressing(escalations, alarmOf({ history: [...history, line(65, 'acknowledged')] }))).toEqual([])
})
