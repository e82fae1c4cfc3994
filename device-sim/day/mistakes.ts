import { type Document, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml'
import type { z } from 'zod'

type Path = readonly PropertyKey[]
export type Mistake = { line: number; text: string }

/** The line of the deepest node on the path that exists. */
export function lineOf(document: Document, path: Path, lines: LineCounter): number {
  let node: unknown = document.contents
  let offset = (node as Node | null)?.range?.[0] ?? 0
  for (const key of path) {
    const pair = isMap(node) ? node.items.find(({ key: its }) => isScalar(its) && String(its.value) === key) : undefined
    const next: unknown = pair === undefined ? (isSeq(node) ? node.items[Number(key)] : undefined) : pair.value
    if (next === undefined) break
    offset = (pair?.key as Node | undefined)?.range?.[0] ?? (next as Node | null)?.range?.[0] ?? offset
    node = next
  }
  return lines.linePos(offset).line
}

/** One for each place that the schema complains of, in the order of the lines. */
export function mistakesOf(issues: readonly z.core.$ZodIssue[], document: Document, lines: LineCounter): Mistake[] {
  const found = new Map<string, Mistake>()
  for (const issue of issues)
    for (const key of issue.code === 'unrecognized_keys' ? issue.keys : [[]]) {
      const path = asWritten(issue.path.concat(key), document)
      const place = path.map(key => (typeof key === 'number' ? `entry ${key + 1}` : String(key))).join(': ')
      const text = `${place}${place && ': '}${wordsOf(issue, document.getIn(path))}`
      if (!found.has(place)) found.set(place, { line: lineOf(document, path, lines), text })
    }
  return [...found.values()].sort((one, other) => one.line - other.line)
}

/** What may be a list and is none has no entries. */
const asWritten = (path: Path, document: Document): Path =>
  path.filter((key, index) => typeof key !== 'number' || isSeq(document.getIn(path.slice(0, index), true)))

const kinds: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  object: 'fields with their values, like { site: compound-01 }',
}

function wordsOf(issue: z.core.$ZodIssue, value: unknown): string {
  const said = ['string', 'number', 'boolean'].includes(typeof value)
    ? `is "${value}": `
    : value === undefined
      ? 'is missing: '
      : ''
  switch (issue.code) {
    case 'invalid_type':
      return `${said}must be ${kinds[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `${said}must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`
    case 'too_small':
      return `${said}must ${sized(issue.origin)}${issue.inclusive === false ? ' more than' : ' at least'} ${issue.minimum}${counted(issue.origin)}`
    case 'too_big':
      return `${said}must ${sized(issue.origin)} at most ${issue.maximum}${counted(issue.origin)}`
    case 'custom':
    case 'unrecognized_keys':
      return issue.message.startsWith('must') ? `${said}${issue.message}` : issue.message
    default:
      return `${said}${issue.message}`
  }
}

const counts: Record<string, string> = { string: ' characters', array: ' entries' }
const counted = (origin: string) => counts[origin] ?? ''
const sized = (origin: string) => (counts[origin] === undefined ? 'be' : 'have')
