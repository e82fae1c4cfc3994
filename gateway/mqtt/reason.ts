import type { z } from 'zod'
import { nameOf } from './strict-json.ts'

/**
 * Why a payload was refused, in words a device maker can act on: the field, what is wrong, what is wanted. At most three
 * mistakes, 400 characters. What was sent is described, never repeated: it may be a name or a plate.
 */
const maxMistakes = 3
const maxLength = 400

export function reasonOf(error: z.ZodError, payload: unknown): string {
  const told = error.issues
    .slice(0, maxMistakes)
    .map(issue => `${fieldOf(issue.path)}: ${mistake(issue, at(payload, issue.path))}`)
  const more = error.issues.length - told.length
  return (told.join('; ') + (more > 0 ? `; and ${more} more` : '')).slice(0, maxLength)
}

/** Names of the contract's fields only: a metric's name, say, is the device's own text. */
function fieldOf(path: PropertyKey[]): string {
  if (path[1] === 'metrics' && path.length > 2) return 'data.metrics (one of them)'
  return path.length === 0 ? 'the payload' : path.join('.')
}

function mistake(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined) return 'is missing'
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${article(issue.expected)}, is ${nameOf(value)}`
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`
    case 'too_big':
      return issue.origin === 'string'
        ? `must be at most ${issue.maximum} characters, is ${nameOf(value)}`
        : `must be at most ${issue.maximum}`
    case 'too_small':
      return issue.origin === 'string'
        ? `must be at least ${issue.minimum} characters, is ${nameOf(value)}`
        : `must be at least ${issue.minimum}`
    case 'invalid_format':
      return issue.format === 'url' ? 'must be a URL that starts with http:// or https://' : issue.message
    case 'invalid_key':
      return 'a name must be a–z, then up to 31 of A–Z, a–z, 0–9, _'
    default:
      return issue.message
  }
}

function article(expected: string): string {
  if (expected === 'int') return 'a whole number'
  if (expected === 'boolean') return 'true or false'
  if (expected === 'string') return 'a text'
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`
}

function at(payload: unknown, path: readonly PropertyKey[]): unknown {
  let value = payload
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}
