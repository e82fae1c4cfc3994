import { describe, expect, test } from 'vitest'
import { Stream, type StreamEvent } from '../../gateway/alarms/stream.ts'
import type { Alarm, HistoryLine } from '../../schemas/alarm.ts'
import { newAlarm } from '../helpers/alarm.ts'

const startedAt = 1000
const line = newAlarm().history[0] as HistoryLine
function newStream(open: Alarm[] = []) {
  const stream = new Stream({ clock: () => startedAt, openAlarms: () => open })
  const watch = (lastId?: string) => {
    const seen: StreamEvent[] = []
    const leave = stream.subscribe(lastId, event => void seen.push(event))
    return { seen, leave, ids: () => seen.map(({ id, name }) => `${name} ${id}`) }
  }
  return { stream, watch }
}

describe('a watcher', () => {
  test('without an id gets all open alarms first, each with its neighbours, then what happens', () => {
    const alarm = newAlarm()
    const { stream, watch } = newStream([alarm, { ...alarm, id: 'other' }])
    stream.presence('button-1', 'online')
    const { seen, ids } = watch()
    stream.alarm(alarm, line)
    expect(ids()).toEqual(['snapshot 1000-1', 'alarm 1000-2'])
    expect(seen).toMatchObject([
      { data: { alarms: [{ id: alarm.id, neighbours: [{ id: 'other' }] }, { id: 'other' }] } },
      { data: { alarm: { id: alarm.id, neighbours: [{ id: 'other' }] }, line } },
    ])
  })

  test('goes on after the event it saw last, with nothing left out and nothing twice', () => {
    const { stream, watch } = newStream()
    for (let n = 1; n <= 4; n++) stream.presence(`button-${n}`, 'online')
    expect(watch('1000-2').ids()).toEqual(['presence 1000-3', 'presence 1000-4'])
    expect(watch('1000-4').ids()).toEqual([])
    const whole = watch('1000-0')
    stream.presence('button-5', 'silent')
    expect(whole.seen.map(({ data }) => 'device' in data && data.device)).toEqual(
      [1, 2, 3, 4, 5].map(n => `button-${n}`),
    )
  })

  test('whose last event is the oldest but one that is kept still goes on; one older gets a snapshot', () => {
    const { stream, watch } = newStream()
    for (let n = 1; n <= 1500; n++) stream.presence('button-1', 'online')
    const { ids } = watch('1000-500')
    expect([ids().length, ids()[0], ids().at(-1)]).toEqual([1000, 'presence 1000-501', 'presence 1000-1500'])
    expect(watch('1000-499').ids()).toEqual(['snapshot 1000-1500'])
  })

  test.each(['999-1', '1000-2', '1000-', '-1', 'x', '', '1000-1-1', '1000--1', '1000-1.5'])(
    'with the id %j, which is none of this run, gets a snapshot',
    id => {
      const { stream, watch } = newStream()
      stream.presence('button-1', 'online')
      expect(watch(id).ids()).toEqual(['snapshot 1000-1'])
    },
  )

  test('that left is told nothing more', () => {
    const { stream, watch } = newStream()
    const { seen, leave } = watch('1000-0')
    leave()
    stream.presence('button-1', 'online')
    expect(seen).toEqual([])
  })
})
