import type { Endpoint } from '../../schemas/registry.ts'
import { ConfigError } from '../errors.ts'

/** Who is told of alarms: the registry's endpoints, and `dispatch` from the settings (contract 8), each with its secret. */
export type NamedTarget = { id: string; url: string; secret: string; level: number }

export function targetsOf(
  endpoints: readonly Endpoint[],
  dispatch: { url: string; secret: string } | undefined,
  secretOf: (variable: string) => string | undefined,
  mistakeOf: (secret: string) => string | undefined,
): NamedTarget[] {
  const mistakes: string[] = []
  const targets: NamedTarget[] = []
  const add = (id: string, url: string, level: number, secret: string | undefined, where: string) => {
    const mistake = secret === undefined ? 'is not set' : mistakeOf(secret)
    if (targets.some(target => target.id === id))
      mistakes.push(`endpoint ${id}: is there twice; rename the registry's, or unset GATEHOUSE_DISPATCH_URL`)
    else if (mistake !== undefined)
      mistakes.push(`${where}: ${mistake}; endpoint ${id} needs it to sign what it is told`)
    else targets.push({ id, url, level, secret: secret as string })
  }
  for (const { id, url, level, secret, secretEnv } of endpoints)
    add(id, url, level, secretEnv === undefined ? secret : secretOf(secretEnv), secretEnv ?? `endpoints: ${id}: secret`)
  if (dispatch !== undefined) add('dispatch', dispatch.url, 0, dispatch.secret, 'GATEHOUSE_DISPATCH_SECRET')
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return targets
}

/**
 * Who is told at an escalation level (contract 5): at 0 those of the lowest level there is, in parallel; with each deadline
 * that is missed those of the next level too.
 */
export function toldAt(targets: readonly NamedTarget[]): (escalationLevel: number) => string[] {
  const levels = [...new Set(targets.map(({ level }) => level))].sort((one, other) => one - other)
  return escalationLevel => targets.filter(({ level }) => levels.indexOf(level) <= escalationLevel).map(({ id }) => id)
}
