import type { ActionName } from '../../schemas/actions.ts'
import { type Stage, stages } from '../../schemas/alarm.ts'

const reaches: Record<ActionName, Stage> = {
  acknowledge: 'acknowledged',
  dispatch: 'dispatched',
  arrive: 'arrived',
  close: 'closed',
}
const before: Record<ActionName, string> = {
  acknowledge: '',
  dispatch: '; acknowledge it first',
  arrive: '; dispatch it first',
  close: '; acknowledge it first',
}

/** Why a step isn't possible, in words for the person who tried: "already acknowledged by 王". */
export function refusedStep(action: ActionName, { stage, by }: { stage: Stage; by?: string | undefined }): string {
  if (stages.indexOf(stage) < stages.indexOf(reaches[action])) return `still ${stage}${before[action]}`
  return `already ${stage}${by === undefined ? '' : ` by ${by}`}`
}
