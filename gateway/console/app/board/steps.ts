import type { ActionName } from '../../../../schemas/actions.ts'
import type { Alarm, Stage } from '../../../../schemas/alarm.ts'
import type { Role } from '../../../../schemas/api.ts'

/** What may be done next, as the gateway allows it: the one step that is meant, and others that are possible. */
const steps: Record<Stage, readonly ActionName[]> = {
  raised: ['acknowledge'],
  delivered: ['acknowledge'],
  acknowledged: ['dispatch', 'close'],
  dispatched: ['arrive', 'close'],
  arrived: ['close'],
  closed: [],
}
export const nextSteps = (stage: Stage): { main: ActionName | undefined; others: readonly ActionName[] } => {
  const [main, ...others] = steps[stage]
  return { main, others }
}

/** Why one may do nothing now; undefined: one may. */
export type Hindrance = 'viewer' | 'not-live'
export const hindranceOf = (role: Role | undefined, isLive: boolean): Hindrance | undefined =>
  role === undefined || role === 'viewer' ? 'viewer' : isLive ? undefined : 'not-live'

/** What is entered before a step. */
export type Entered = { unit: string; disposition: NonNullable<Alarm['disposition']> | undefined; note: string }

/** The request's body; undefined while something is missing. */
export function bodyOf(action: ActionName, by: string, { unit, disposition, note }: Entered): object | undefined {
  const said = note.trim() === '' ? {} : { note: note.trim() }
  if (action === 'dispatch') return { by, ...(unit.trim() === '' ? {} : { unit: unit.trim() }) }
  if (action !== 'close') return { by }
  return disposition === undefined ? undefined : { by, disposition, ...said }
}

/** A drill is closed as one; what was real or false only a person can say. */
export const dispositionAtFirst = ({ mode }: Alarm): Entered['disposition'] => (mode === 'actual' ? undefined : mode)

/** Patrols that were named in these alarms, the latest first. */
export const unitsOf = (alarms: Iterable<Alarm>): string[] => [
  ...new Set(
    [...alarms]
      .flatMap(({ history }) => history)
      .filter(({ unit }) => unit !== undefined)
      .sort((one, other) => Date.parse(other.at) - Date.parse(one.at))
      .map(({ unit }) => unit as string),
  ),
]
