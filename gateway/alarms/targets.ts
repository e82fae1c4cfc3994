import type { Endpoint } from '../../schemas/registry.ts'
import type { Secret } from '../config.ts'

export type NamedTarget = { id: string; url: string; secret: string; level: number }

/**
 * Who is told of alarms: the registry's endpoints, and `dispatch` from the settings (contract 8), each with its secret; and
 * every mistake that keeps one of them from being told. `mistakeOf` says what is wrong with a secret.
 */
export function targetsOf(
  endpoints: readonly Endpoint[],
  dispatch: { url: string; secret: string } | undefined,
  secretOf: (variable: string) => Secret,
  mistakeOf: (secret: string) => string | undefined,
): { targets: NamedTarget[]; mistakes: string[] } {
  const mistakes: string[] = []
  const targets: NamedTarget[] = []
  const add = (target: Omit<NamedTarget, 'secret'>, found: Secret, where: string) => {
    const { id } = target
    const needs = `endpoint ${id} needs it to sign what it is told`
    if ('mistake' in found) mistakes.push(`${found.mistake}; ${needs}`)
    else {
      const mistake = found.value === undefined ? 'is not set' : mistakeOf(found.value)
      if (mistake !== undefined) mistakes.push(`${where}: ${mistake}; ${needs}`)
      else targets.push({ ...target, secret: found.value as string })
    }
  }
  for (const { id, url, level, secret, secretEnv } of endpoints)
    if (secretEnv !== undefined) add({ id, url, level }, secretOf(secretEnv), secretEnv)
    // One with neither is a mistake of the registry, which says so itself.
    else if (secret !== undefined) add({ id, url, level }, { value: secret }, `endpoints: ${id}: secret`)
  if (dispatch !== undefined) {
    if (endpoints.some(({ id }) => id === 'dispatch'))
      mistakes.push("endpoint dispatch: is there twice; rename the registry's, or unset GATEHOUSE_DISPATCH_URL")
    add({ id: 'dispatch', url: dispatch.url, level: 0 }, { value: dispatch.secret }, 'GATEHOUSE_DISPATCH_SECRET')
  }
  return { targets, mistakes }
}

/**
 * Who is told at an escalation level (contract 5): at 0 those of the lowest level there is, in parallel; with each deadline
 * that is missed those of the next level too.
 */
export function toldAt(targets: readonly NamedTarget[]): (escalationLevel: number) => string[] {
  const levels = [...new Set(targets.map(({ level }) => level))].sort((one, other) => one - other)
  return escalationLevel => targets.filter(({ level }) => levels.indexOf(level) <= escalationLevel).map(({ id }) => id)
}
