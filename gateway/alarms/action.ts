import type { ActionName } from '../../schemas/actions.ts'
import type { Alarm, Stage } from '../../schemas/alarm.ts'
import type { AuditLine } from '../audit/line.ts'
import type { Input, Refusal } from './life-cycle.ts'

/** What a person does to an alarm, by the API. */
export type Action = {
  name: ActionName
  by: string
  note?: string | undefined
  incidentNo?: string | undefined
  unit?: string | undefined
  disposition?: NonNullable<Alarm['disposition']> | undefined
}

/** The alarm as it is afterwards, or why not: its stage, and who brought it there. */
export type Acted = { alarm: Alarm } | (Refusal & { by?: string })

/** An `Idempotency-Key`: who used it for which request. Kept with the action, in the same transaction. */
export type Receipt = { caller: string; key: string; request: string }

const reached = { acknowledge: 'acknowledged', dispatch: 'dispatched', arrive: 'arrived', close: 'closed' } as const

export function inputOf({ name, disposition, ...action }: Action, at: number): Input {
  const given = Object.fromEntries(Object.entries(action).filter(([, value]) => value !== undefined))
  const what = reached[name]
  return { from: 'person', what, at, ...given, ...(what === 'closed' ? { disposition } : {}) } as Input
}

/** Who brought the alarm to the stage it is at: the one who was faster. */
export function refusalOf(alarm: Alarm, { refused, stage }: Refusal): Refusal & { by?: string } {
  const by = alarm.history.findLast(
    line => line.stage === stage && line.what === (stage as Exclude<Stage, 'raised'>),
  )?.by
  return by === undefined ? { refused, stage } : { refused, stage, by }
}

/**
 * The audit log's lines of steps that were done. `by` is the token's name; what the person called himself stands in the
 * alarm's history, and here as a pseudonym, so that a name that is changed there later does not fit any more.
 */
export function linesOf(
  done: readonly { acted: Acted }[],
  { name, by, disposition }: Action,
  actor: { caller: string; at: number; pseudonym: (name: string) => string; scope?: 'site' },
): AuditLine[] {
  const { caller, at, pseudonym, scope } = actor
  const more = { ...(disposition && { disposition }), ...(scope && { scope }) }
  return done.flatMap(({ acted }) =>
    'refused' in acted
      ? []
      : [
          {
            at,
            by: caller,
            what: `alarm.${reached[name]}` as const,
            subject: acted.alarm.id,
            details: { site: acted.alarm.site.id, person: pseudonym(by), ...more },
          },
        ],
  )
}
