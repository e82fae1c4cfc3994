import { computed, signal } from '@preact/signals'
import { expect, test } from 'vitest'
import { createSelection } from '../../gateway/console/app/board/selection.ts'
import { parseHash } from '../../gateway/console/app/route.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import { after, alarmOf } from './console-alarm.ts'

const drill = alarmOf({ id: 'drill', mode: 'drill', stage: 'acknowledged', deadlines: { dispatch: after(60) } })
const other = alarmOf({ id: 'other' })

function createBoard(...known: Alarm[]) {
  const alarms = signal<ReadonlyMap<string, Alarm>>(new Map())
  const open = computed(() => [...alarms.value.values()].filter(({ stage }) => stage !== 'closed'))
  const route = signal(parseHash('#/'))
  const location = {
    get hash() {
      return hash
    },
    set hash(to: string) {
      hash = to
      route.value = parseHash(to)
    },
  }
  let hash = '#/'
  const take = (alarm: Alarm) => {
    alarms.value = new Map(alarms.peek()).set(alarm.id, alarm)
  }
  known.forEach(take)
  return { location, take, ...createSelection({ alarms, open }, route, { location }) }
}

test('a drill that was put away comes back by itself when it turns real', () => {
  const board = createBoard(drill)
  board.choose('drill')
  board.dismiss()
  expect(board.shown.value).toBeUndefined()
  board.take({ ...drill, mode: 'actual', deadlines: { acknowledge: after(90) } })
  expect(board.shown.value?.id).toBe('drill')
})

test('who looks at a closed alarm is led to an open drill that turns real', () => {
  const board = createBoard(drill, alarmOf({ id: 'over', stage: 'closed', deadlines: {} }))
  board.choose('over')
  expect(board.location.hash).toBe('#/alarm/over')
  board.take({ ...drill, mode: 'actual', deadlines: { acknowledge: after(90) } })
  expect(board.location.hash).toBe('#/')
})

test('a close that was slow leads nowhere when another alarm or page was opened meanwhile', () => {
  const board = createBoard(drill, other)
  for (const [at, then] of [
    ['#/alarm/other', '#/alarm/other'],
    ['#/events', '#/events'],
    ['#/alarm/drill', '#/'],
  ] as const) {
    board.location.hash = at
    board.finish('drill')
    expect(board.location.hash).toBe(then)
  }
})
