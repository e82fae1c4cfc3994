import { raise } from '../../gateway/alarms/raise.ts'
import type { Entry } from '../../gateway/journal/journal.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import type { AlarmEvent } from '../../schemas/events/alarm.ts'
import type { Device, Site } from '../../schemas/registry.ts'

/** An alarm as the desk makes it: of one press, at `pressedAt`. */
export const pressedAt = Date.UTC(2025, 8, 1, 8, 0, 0)

export const pressEntry: Entry = {
  seq: 7,
  receivedAt: pressedAt + 5,
  at: pressedAt,
  skewMs: null,
  site: 'school-01',
  siteKind: 'school',
  device: 'button-1',
  kind: 'alarm',
  id: 'press-1',
  payload: '',
}

export function newAlarm(
  data: Partial<AlarmEvent['data']> = {},
  known: { site?: Site; device?: Device; recent?: Alarm['context']['recent']; entry?: Partial<Entry> } = {},
): Alarm {
  const event = { id: 'press-1', data: { trigger: 'panic', state: 'raised', mode: 'actual', ...data } } as AlarmEvent
  const entry = { ...pressEntry, ...known.entry }
  return raise('3f0c8a52-5f0e-4c57-9d0b-7a2f1e6f0001', entry, event, known.site, known.device, known.recent ?? [])
}
