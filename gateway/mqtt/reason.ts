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
    .map(issue => `${fieldOf(issue.path, payload)} ${mistake(issue, at(payload, issue.path))}`)
  const more = error.issues.length - told.length
  return (told.join('; ') + (more > 0 ? `; and ${more} more` : '')).slice(0, maxLength)
}

/** Names of the contract's fields only: a metric's name is the device's own text, so its place is told. */
function fieldOf(path: PropertyKey[], payload: unknown): string {
  const [data, metrics, name] = path
  if (metrics !== 'metrics' || name === undefined) return path.join('.')
  const names = Object.keys(at(payload, [data as string, metrics]) as object)
  return `data.metrics: number ${names.indexOf(String(name)) + 1} of ${names.length}`
}

function mistake(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined) return 'is missing'
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${wanted(issue.expected)}, ${is(value, issue.expected)}`
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`
    case 'too_big':
      return issue.origin === 'string'
        ? `must be at most ${issue.maximum} characters, has more`
        : `must be at most ${issue.maximum}, is more`
    case 'too_small':
      return `must be at least ${issue.minimum}, is less`
    case 'invalid_key':
      return 'must be named a–z, then up to 31 of A–Z, a–z, 0–9, _'
    case 'custom':
      return `${issue.message}, has ${sizeOf(value)}`
    default:
      return issue.message
  }
}

function wanted(expected: string): string {
  if (expected === 'int') return 'a whole number'
  if (expected === 'boolean') return 'true or false'
  if (expected === 'string') return 'a text'
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`
}

function is(value: unknown, expected: string): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'is beyond the largest number there is'
  if (typeof value === 'number' && expected === 'int') return 'has a fraction'
  return `is ${nameOf(value)}`
}

/** The schemas' own rules are about how many characters a text, or entries an object has. */
const sizeOf = (value: unknown): number =>
  typeof value === 'string' ? [...value].length : Object.keys(value as object).length

function at(payload: unknown, path: readonly PropertyKey[]): unknown {
  let value = payload
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}
