import type { Alarm } from '../../../schemas/alarm.ts'
import { isUnacknowledged } from './board/deadline.ts'

/** What is to be heard. Only what is real and what nobody has taken over rings; a drill or test never does. */
export const isRinging = (alarm: Alarm): boolean => alarm.mode === 'actual' && isUnacknowledged(alarm)

/** The tab's title: while something rings every second one shouts; what is open is counted all the time. */
export function titleOf(open: readonly Alarm[], now: number, shout: string): string {
  const ringing = open.filter(isRinging).length
  if (ringing > 0 && Math.floor(now / 1000) % 2 === 0) return `▲▲ ${shout} (${ringing})`
  return open.length === 0 ? 'Gatehouse' : `(${open.length}) Gatehouse`
}
