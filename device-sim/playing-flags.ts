import type { ActionName } from '../schemas/actions.ts'
import { numberOf, UsageError } from './arguments.ts'
import { actionNames, defaultPlay, type PlayStep } from './playing.ts'

/** The command line's side of a centre that plays. */
export const playFlags = {
  play: { type: 'boolean', default: false },
  'acknowledge-after': { type: 'string' },
  'dispatch-after': { type: 'string' },
  'arrive-after': { type: 'string' },
  'close-after': { type: 'string' },
  sleep: { type: 'boolean', default: false },
  api: { type: 'string', default: 'http://127.0.0.1:8080' },
  token: { type: 'string' },
  by: { type: 'string', default: 'duty officer' },
} as const

type Values = { play: boolean; sleep: boolean; acknowledge: boolean } & Partial<Record<`${ActionName}-after`, string>>

/** The steps asked for, in their order; none: it only listens. Throws UsageError where a step lacks the one before it. */
export function playOf(values: Values): PlayStep[] {
  const steps = actionNames.flatMap((action): PlayStep[] => {
    const flag = `${action}-after` as const
    const given = values[flag]
    if (given !== undefined) return [{ action, afterMs: numberOf(given, `--${flag}`, { min: 0, max: 86_400 }) * 1000 }]
    return values.play ? defaultPlay.filter(step => step.action === action) : []
  })
  if (values.sleep && (steps.length > 0 || values.acknowledge))
    throw new UsageError('--sleep takes nothing over: it excludes --play, --acknowledge and the steps')
  // The reply takes the alarm over, so the first step to be called is the next one.
  const called = values.acknowledge ? steps.filter(({ action }) => action !== 'acknowledge') : steps
  const first = values.acknowledge ? 1 : 0
  // Closing needs an acknowledged alarm, no more (life cycle).
  for (const [index, { action }] of called.entries()) {
    const before = actionNames[first + index]
    if (action !== before && !(action === 'close' && first + index > 0))
      throw new UsageError(`--${action}-after needs --${before}-after: that step comes before it`)
  }
  return called
}
