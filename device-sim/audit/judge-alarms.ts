import { find } from './findings.ts'
import type { Counting } from './report.ts'

/** Each alarm's messages in the order in which they came: raised before all else, and raised once. */
export const messageLine = (alarmId: string, type: string, webhookId: string): string =>
  `M ${alarmId} - ${type} ${webhookId}`

type Seen = { types: Set<string>; raisedIds: Set<string>; isLate: boolean }

/** `lines`: of some alarms, all of each. */
export function judgeAlarms(lines: readonly string[], alarms: Counting['alarms']): void {
  const messages = new Map<string, Seen>()
  for (const line of lines) {
    const [, alarm, , type, webhookId] = line.split(' ') as [string, string, string, string, string]
    const seen = messages.get(alarm) ?? { types: new Set(), raisedIds: new Set(), isLate: false }
    messages.set(alarm, seen)
    if (type === 'alarm.raised') {
      seen.raisedIds.add(webhookId)
      seen.isLate ||= seen.types.size > 0 && !seen.types.has(type)
    }
    seen.types.add(type)
  }
  alarms.alarms += messages.size
  for (const [alarm, { types, raisedIds, isLate }] of messages) {
    if (isLate) find(alarms.outOfOrder, `${alarm}: ${[...types].join(', ')}`)
    if (raisedIds.size > 1) find(alarms.doubled, `${alarm} was raised by ${raisedIds.size} messages`)
  }
}
