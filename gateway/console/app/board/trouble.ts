import type { ActionName } from '../../../../schemas/actions.ts'
import type { Alarm, Stage } from '../../../../schemas/alarm.ts'
import { ApiError } from '../api.ts'
import { nextSteps } from './steps.ts'

/** What became of the last step that was tried and not done. */
export type Trouble =
  | { is: 'conflict'; by: string | undefined; stage: Stage }
  /** Nobody knows whether it was. */
  | { is: 'unsure'; action: ActionName }
  | { is: 'refused'; why: string }

export function troubleOf(error: unknown, action: ActionName): Trouble {
  if (!(error instanceof ApiError)) return { is: 'unsure', action }
  const { status, problem, message } = error
  if (status === 409 && problem?.stage !== undefined) return { is: 'conflict', by: problem.by, stage: problem.stage }
  return status === 0 || status === 429 || status >= 500 ? { is: 'unsure', action } : { is: 'refused', why: message }
}

/** What nobody knew is known once the alarm is where the step can't be taken any more: it was done, by this or another officer. */
export function isStillSo(trouble: Trouble, { stage }: Alarm): boolean {
  if (trouble.is !== 'unsure') return true
  const { main, others } = nextSteps(stage)
  return main === trouble.action || others.includes(trouble.action)
}
