import type { Alarm, HistoryLine } from '../../schemas/alarm.ts'
import { simAlarm } from './sim-alarm.ts'

/** An alarm as the console gets it. Seconds count from the press. */
export const pressedAt = Date.parse('2026-11-24T04:40:44.000Z')
export const after = (seconds: number): string => new Date(pressedAt + seconds * 1000).toISOString()
export const line = (seconds: number, what: HistoryLine['what'], more: Partial<HistoryLine> = {}): HistoryLine => ({
  at: after(seconds),
  what,
  stage: 'raised',
  ...more,
})

export const alarmOf = (more: Partial<Alarm> = {}): Alarm =>
  simAlarm({
    stage: 'delivered',
    raisedAt: after(0),
    receivedAt: after(0),
    deadlines: { acknowledge: after(30), 'acknowledge-2': after(60), 'acknowledge-3': after(90) },
    history: [line(0, 'raised', { mode: more.mode ?? 'actual' }), line(1, 'delivered', { by: 'command-centre' })],
    ...more,
  })
