import type { Alarm, HistoryLine, Stage } from '../../schemas/alarm.ts'
import type { MessageType } from '../../schemas/webhook.ts'
import { iso } from '../clock.ts'

/**
 * One transition function for the four sources of change: device, endpoint, person, clock (design decision 8).
 * Pure: it returns the alarm as it is afterwards, the line for its history and the messages that follow. A step that isn't
 * allowed is a refusal, never a throw. Stages only go forward; what comes late is written down and moves nothing back.
 */
export type Input =
  | {
      from: 'device'
      what: 'pressed' | 'restored'
      at: number
      receivedAt?: number
      eventId: string
      mode: Alarm['mode']
    }
  | { from: 'endpoint'; what: 'delivered'; at: number; by: string; incidentNo?: string | undefined }
  | { from: 'endpoint'; what: 'acknowledged'; at: number; by: string; incidentNo?: string | undefined }
  | { from: 'person'; what: PersonStep; at: number; by: string; note?: string; incidentNo?: string; unit?: string }
  | {
      from: 'person'
      what: 'closed'
      at: number
      by: string
      disposition: NonNullable<Alarm['disposition']>
      note?: string
    }
  /** `by`: the deadline that was missed. Each is missed once. */
  | { from: 'clock'; what: 'escalated'; at: number; by: string }
type PersonStep = 'acknowledged' | 'dispatched' | 'arrived'

export type Step = { alarm: Alarm; line: HistoryLine; messages: MessageType[] }
export type Refusal = { refused: string; stage: Stage }

/** What stage each step needs. Restore, press, delivery and the clock are taken at any stage before `closed`. */
const needs: Record<PersonStep | 'closed', readonly Stage[]> = {
  acknowledged: ['raised', 'delivered'],
  dispatched: ['acknowledged'],
  arrived: ['dispatched'],
  closed: ['acknowledged', 'dispatched', 'arrived'],
}

export function step(alarm: Alarm, input: Input): Step | Refusal {
  if (alarm.stage === 'closed') return { refused: 'it is closed', stage: alarm.stage }
  switch (input.what) {
    case 'pressed':
      return done(alarm, input, { pressCount: alarm.pressCount + 1, mode: graver(alarm.mode, input.mode) }, [
        'alarm.pressed',
      ])
    case 'restored':
      // Latched: coming back to rest is an attribute, never a close (DOMAIN.md).
      return done(alarm, input, { restoredAt: iso(input.at) }, ['alarm.restored'])
    case 'delivered':
      return done(alarm, input, alarm.stage === 'raised' ? { stage: 'delivered' } : {}, [])
    case 'escalated':
      return done(alarm, input, { escalationLevel: alarm.escalationLevel + 1, deadlines: without(alarm, input.by) }, [
        'alarm.escalated',
      ])
    default: {
      if (!needs[input.what].includes(alarm.stage)) return { refused: `it is ${alarm.stage}`, stage: alarm.stage }
      const disposition = input.what === 'closed' ? { disposition: input.disposition } : {}
      return done(alarm, input, { stage: input.what, ...disposition }, [`alarm.${input.what}`])
    }
  }
}

function done(alarm: Alarm, input: Input, change: Partial<Alarm>, messages: MessageType[]): Step {
  const incidentNo = 'incidentNo' in input && input.incidentNo !== undefined ? { incidentNo: input.incidentNo } : {}
  const changed = { ...alarm, ...change, ...incidentNo }
  // Several endpoints number the same alarm: the first number stays, until somebody takes the alarm over under another.
  if (input.what === 'delivered' && alarm.incidentNo !== null) changed.incidentNo = alarm.incidentNo
  const line: HistoryLine = {
    at: iso(input.at),
    what: input.what,
    stage: changed.stage,
    ...('by' in input ? { by: input.by } : {}),
    ...('eventId' in input ? { eventId: input.eventId, mode: input.mode } : {}),
    ...incidentNo,
    ...('note' in input && input.note !== undefined ? { note: input.note } : {}),
    ...('unit' in input && input.unit !== undefined ? { unit: input.unit } : {}),
  }
  return { alarm: { ...changed, history: withLine(alarm.history, line) }, line, messages }
}

const without = ({ deadlines }: Alarm, name: string): Alarm['deadlines'] =>
  Object.fromEntries(Object.entries(deadlines).filter(([other]) => other !== name))

const gravity = { test: 0, drill: 1, actual: 2 } as const
/** A real press on a button that is being tested is real. */
const graver = (one: Alarm['mode'], other: Alarm['mode']) => (gravity[other] > gravity[one] ? other : one)

/**
 * An alarm carries a bounded history; all of it is on disk. What a contact that flaps repeats gives way first, then what other
 * endpoints answered, then missed deadlines: the first line of each stage stays, since the legs of the response are read from it.
 */
const linesCarried = 30
function withLine(history: readonly HistoryLine[], line: HistoryLine): HistoryLine[] {
  if (history.length < linesCarried) return [...history, line]
  const isFirst = ({ what }: HistoryLine, index: number) => history.findIndex(other => other.what === what) === index
  const spare = [
    isRepeatable,
    ...(['delivered', 'escalated'] as const).map(what => (one: HistoryLine) => one.what === what),
  ]
    .map(may => history.findIndex((one, index) => may(one) && (isRepeatable(one) || !isFirst(one, index))))
    .find(index => index > 0)
  return [...history.toSpliced(spare ?? 1, 1), line]
}
const isRepeatable = ({ what }: HistoryLine): boolean => what === 'pressed' || what === 'restored'
