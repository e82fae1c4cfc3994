import type { z } from 'zod'
import { valueAt } from './registry-place.ts'

/** What is wrong at one place of the registry, in words that say the mend. What stands there is not repeated: it may be a phone or a secret. */
export function mistakeOf(issue: z.core.$ZodIssue, content: unknown): string {
  const value = valueAt(content, issue.path)
  const must = mustBe(issue, value)
  if (value === undefined) return `is missing; ${must}`
  if (value === null) return `is empty; ${must}`
  return must
}

function mustBe(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}${quotes(issue.expected === 'string', value)}`
    case 'invalid_value':
      return `must be ${oneOf(issue.values.map(String))}${quotes(typeof issue.values[0] === 'string', value)}`
    case 'too_small':
      return atBound(issue.origin, `at least ${issue.minimum}`)
    case 'too_big':
      return atBound(issue.origin, `at most ${issue.maximum}`)
    default:
      return issue.message
  }
}

const kinds: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  object: 'fields with their values, each as name: value',
}

const counted: Record<string, string> = { string: 'characters', array: 'entries' }
const atBound = (origin: string, bound: string): string =>
  counted[origin] === undefined ? `must be ${bound}` : `must have ${bound} ${counted[origin]}`

const oneOf = (values: readonly string[]): string =>
  values.length > 3
    ? `one of ${values.join(', ')}`
    : [values.slice(0, -1).join(', '), ...values.slice(-1)].filter(part => part !== '').join(' or ')

/** YAML reads 13800000000 and yes-or-no words as what they look like; 0351 even loses its 0. */
function quotes(wantsText: boolean, value: unknown): string {
  if (wantsText) return ['number', 'bigint', 'boolean'].includes(typeof value) ? '; put it in quotes' : ''
  return typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value)) ? ', without quotes' : ''
}
