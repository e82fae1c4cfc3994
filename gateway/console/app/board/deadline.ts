import type { Alarm, HistoryLine } from '../../../../schemas/alarm.ts'

/** The one clock that counts for an alarm now: from when it runs, to when, and how far it is. All in ms. */
export type AlarmClock = {
  /** What is waited for; `settled`: nothing any more, the patrol is there. */
  waitsFor: 'acknowledge' | 'dispatch' | 'arrive' | 'settled'
  elapsedMs: number
  /** Undefined where there is no deadline. */
  allowedMs: number | undefined
  leftMs: number | undefined
  /** `late`: two thirds are gone. */
  pressure: 'calm' | 'late' | 'missed'
}

/** Nobody has taken it over yet, or a real press came in what was taken over as a drill and is to be taken over anew. */
export const isUnacknowledged = (alarm: Alarm): boolean =>
  alarm.stage === 'raised' || alarm.stage === 'delivered' || (alarm.stage !== 'closed' && waitsAnew(alarm))

/**
 * A person's next step ends the deadlines to take it over anew. Each that was missed is gone too, so that once all are, the
 * history says it: one was missed after the last step. Not by the real press: a contact that flaps pushes that out of the history.
 */
function waitsAnew({ deadlines, history }: Alarm): boolean {
  if (Object.keys(deadlines).some(isAcknowledge)) return true
  const missed = history.findLastIndex(({ what, by = '' }) => what === 'escalated' && isAcknowledge(by))
  return missed > history.findLastIndex(({ what }) => taken.includes(what))
}
const taken: readonly HistoryLine['what'][] = ['acknowledged', 'dispatched', 'arrived']

export function clockOf(alarm: Alarm, now: number): AlarmClock | undefined {
  if (alarm.stage === 'closed') return undefined
  if (isUnacknowledged(alarm)) {
    const began = beganOf(alarm)
    return running('acknowledge', began, firstAcknowledge(alarm, began), now)
  }
  const [waitsFor, from] =
    alarm.stage === 'acknowledged'
      ? (['dispatch', 'acknowledged'] as const)
      : alarm.stage === 'dispatched'
        ? (['arrive', 'dispatched'] as const)
        : (['settled', 'arrived'] as const)
  const began = timeOf(alarm.history.findLast(({ what }) => what === from)) ?? Date.parse(alarm.receivedAt)
  const due = alarm.deadlines[waitsFor]
  return running(waitsFor, began, due === undefined ? missedAt(alarm, waitsFor, began) : Date.parse(due), now)
}

/** When the waiting for somebody to take it over began: with the press, or the real press in a drill. */
function beganOf({ mode, receivedAt, history }: Alarm): number {
  const first = history.find(({ what }) => what === 'raised')?.mode
  const real = first === mode ? undefined : history.find(line => line.what === 'pressed' && line.mode === mode)
  return timeOf(real) ?? Date.parse(receivedAt)
}

/** The first deadline to take it over; once it is missed it stands in the history only. */
function firstAcknowledge(alarm: Alarm, began: number): number | undefined {
  const missed = missedAt(alarm, 'acknowledge', began)
  const due = alarm.deadlines.acknowledge
  return missed ?? (due === undefined ? undefined : Date.parse(due))
}

const missedAt = ({ history }: Alarm, name: string, after: number): number | undefined =>
  timeOf(history.find(line => line.what === 'escalated' && line.by === name && Date.parse(line.at) >= after))

function running(waitsFor: AlarmClock['waitsFor'], began: number, due: number | undefined, now: number): AlarmClock {
  const elapsedMs = Math.max(0, now - began)
  if (due === undefined) return { waitsFor, elapsedMs, allowedMs: undefined, leftMs: undefined, pressure: 'calm' }
  // Deadlines are whole seconds; when one was found missed is some milliseconds later.
  const allowedMs = Math.max(1000, Math.round((due - began) / 1000) * 1000)
  const pressure = elapsedMs >= allowedMs ? 'missed' : elapsedMs * 3 >= allowedMs * 2 ? 'late' : 'calm'
  return { waitsFor, elapsedMs, allowedMs, leftMs: allowedMs - elapsedMs, pressure }
}

const isAcknowledge = (name: string): boolean => name.startsWith('acknowledge')
const timeOf = (line: HistoryLine | undefined): number | undefined =>
  line === undefined ? undefined : Date.parse(line.at)
