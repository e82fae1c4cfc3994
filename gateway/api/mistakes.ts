import type { FastifySchemaValidationError } from 'fastify'
import type { Problem } from '../../schemas/api.ts'

type Mistake = NonNullable<Problem['mistakes']>[number]

/** What is wrong with a request's parameters, each by its name and with its mend. */
export function mistakesOf(issues: readonly FastifySchemaValidationError[]): Mistake[] {
  return issues.flatMap(({ instancePath, keyword, message, params }) => {
    if (keyword === 'unrecognized_keys')
      return (params.keys as string[]).map(parameter => ({
        parameter,
        detail: 'is not a parameter here; leave it out',
      }))
    return [{ parameter: instancePath.slice(1) || 'body', detail: mend(keyword, params, message) }]
  })
}

/** zod's issue as "must be …". Only zod's own words need that; the schemas' messages say it already. */
function mend(code: string, params: Record<string, unknown>, message = 'is not valid'): string {
  const unit = params.origin === 'string' ? ' characters long' : ''
  if (code === 'invalid_value') return `must be one of ${(params.values as string[]).join(', ')}`
  if (code === 'too_small') return `must be at least ${params.minimum}${unit}`
  if (code === 'too_big') return `must be at most ${params.maximum}${unit}`
  if (code === 'invalid_type') return `must be ${expected[params.expected as string] ?? `a ${params.expected}`}`
  return message
}

const expected: Record<string, string> = {
  int: 'a whole number',
  object: 'a JSON object, sent as application/json',
}

/** One sentence per mistake, with the value that was given. */
export const sentences = (mistakes: readonly Mistake[], given: Record<string, unknown>): string =>
  mistakes.map(({ parameter, detail }) => `${parameter}${said(given[parameter])} ${detail}`).join('. ')

const said = (value: unknown): string => (value === undefined ? '' : ` (${JSON.stringify(value).slice(0, 80)})`)
