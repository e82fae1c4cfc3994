import type { Alarm, RecentEvent } from '../../schemas/alarm.ts'
import { AlarmEvent } from '../../schemas/events/alarm.ts'
import type { Device, Site } from '../../schemas/registry.ts'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { damagedReason, type Entry } from '../journal/journal.ts'
import { type Acted, type Action, inputOf, refusalOf } from './action.ts'
import { missedAt } from './deadlines.ts'
import type { Settled } from './delivery.ts'
import type { Draft } from './draft.ts'
import { raise } from './raise.ts'

/** What each of the four sources of change (design decision 8) does to a draft: device, endpoint, person, clock. */

/** What the desk asks of its surroundings when an alarm is raised. */
export type Surroundings = {
  site: (id: string) => Site | undefined
  device: (id: string) => Device | undefined
  recent: (entry: Entry, now: number) => RecentEvent[]
  isMaintained: (site: string, device: string, at: number) => boolean
  clock: Clock
  newId: () => string
}

/** Returns why the entry could not be taken; undefined when it was. */
export function takeEvent(draft: Draft, entry: Entry, surroundings: Surroundings): string | undefined {
  if (entry.damaged) return damagedReason
  try {
    follow(draft, entry, AlarmEvent.parse(JSON.parse(entry.payload)), surroundings)
    return undefined
  } catch (error) {
    // JSON.parse quotes what it can't read, and a payload never stands in a log or a message.
    return error instanceof SyntaxError ? 'its payload is not JSON' : messageOf(error)
  }
}

function follow(draft: Draft, entry: Entry, event: AlarmEvent, surroundings: Surroundings): void {
  const { site, device, newId, recent, clock, isMaintained } = surroundings
  const { mode } = event.data
  const open = draft.openOf(entry, event.data.trigger)
  const receivedAt = Math.min(entry.receivedAt, clock())
  const said = { from: 'device', at: entry.at, receivedAt, eventId: event.id, mode } as const
  if (event.data.state === 'restored') {
    // Nothing is open: it came to rest before its press arrived, or after the close. The journal has it; no alarm follows.
    if (open !== undefined) draft.step(open, { ...said, what: 'restored' })
  } else if (open === undefined) {
    const context = recent(entry, clock())
    const maintenance = isMaintained(entry.site, entry.device, entry.receivedAt)
    const alarm = raise(newId(), entry, event, site(entry.site), device(entry.device), context)
    draft.raise({ ...alarm, maintenance }, clock())
  } else draft.step(open, { ...said, what: 'pressed' })
}

export function takeOutcome(draft: Draft, { subject, endpoint: by, at, reply }: Settled): void {
  const alarm = draft.get(subject)
  if (alarm === undefined) return
  const { incidentNo } = reply
  // Once per endpoint, and again where a later answer brings the number of an incident that has none.
  const first = !alarm.history.some(line => line.what === 'delivered' && line.by === by)
  if (first || (alarm.incidentNo === null && incidentNo !== undefined))
    draft.step(alarm, { from: 'endpoint', what: 'delivered', at, by, incidentNo })
  // Contract 5: the reply may take the alarm over. Where somebody already has, that is a refusal and no harm.
  if (reply.acknowledged === true)
    draft.step(draft.get(subject) as Alarm, { from: 'endpoint', what: 'acknowledged', at, by, incidentNo }, by)
}

/** undefined: no open alarm has this id. */
export function takeAction(draft: Draft, id: string, action: Action, now: number): Acted | undefined {
  const alarm = draft.get(id)
  if (alarm === undefined) return undefined
  const result = draft.step(alarm, inputOf(action, now))
  return 'refused' in result ? refusalOf(alarm, result) : { alarm: result.alarm }
}

/** Each deadline that is missed at `now` escalates its alarm by one level, once. */
export function takeDeadlines(draft: Draft, now: number): void {
  for (const { id, deadlines } of draft.open())
    for (const by of missedAt(deadlines, now))
      draft.step(draft.get(id) as Alarm, { from: 'clock', what: 'escalated', at: now, by })
}
