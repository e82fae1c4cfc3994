import type { Alarm } from '../../../schemas/alarm.ts'
import { isUnacknowledged } from './board/deadline.ts'
import type { LiveState } from './live.ts'
import type { Left } from './session.ts'

/** What is to be heard. Only what is real and what nobody has taken over rings; a drill or test never does. */
export const isRinging = (alarm: Alarm): boolean => alarm.mode === 'actual' && isUnacknowledged(alarm)

/** A line that breaks for a moment is no trouble yet. */
const blindAfterMs = 10_000
/**
 * An alarm that is raised now would not be heard here: the line is lost, or the gateway ended the session. Not where an officer
 * left by hand. `lostMs`: how long it has been lost.
 */
export const isBlind = (live: LiveState['is'], lostMs: number, left: Left | undefined): boolean =>
  left === 'unknown' || (left === undefined && live === 'lost' && lostMs >= blindAfterMs)

/** The tab's title: while something rings every second one shouts; what is open is counted all the time. `blind`: why nothing comes. */
export function titleOf(open: readonly Alarm[], now: number, shout: string, blind?: string): string {
  const ringing = open.filter(isRinging).length
  if (ringing > 0 && Math.floor(now / 1000) % 2 === 0) return `▲▲ ${shout} (${ringing})`
  const calm = open.length === 0 ? 'Gatehouse' : `(${open.length}) Gatehouse`
  return blind === undefined ? calm : `⚠ ${blind} ${calm}`
}
