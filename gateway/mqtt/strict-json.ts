import { isUtf8 } from 'node:buffer'
import { jsonMistake } from './json-mistake.ts'

/**
 * JSON as a device must send it: UTF-8, one object, no key twice, not nested deeper than any payload of the contract could
 * be. JSON.parse alone takes the last of two equal keys in silence, and then two readers of one event disagree.
 * The reasons never repeat what was sent: it may hold personal data.
 */
export type Parsed = { value: Record<string, unknown> } | { reason: string }

const maxDepth = 16
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

export function parseStrictly(bytes: Buffer): Parsed {
  if (bytes.length === 0) return { reason: 'the payload is empty; send a JSON object' }
  if (!isUtf8(bytes))
    return { reason: `the payload is not UTF-8 from byte ${validUpTo(bytes)} on; send no GBK, no binary` }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    return { reason: 'the payload begins with a byte order mark (EF BB BF); send it without' }
  const shape = shapeOf(bytes)
  if (shape.depth > maxDepth) return { reason: `the payload is nested deeper than ${maxDepth} levels` }
  const text = bytes.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { reason: `the payload is not JSON: ${jsonMistake(text, error)}` }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { reason: `the payload is not a JSON object but ${nameOf(value)}` }
  if (keyCount(value) !== shape.keys) return { reason: 'a field stands twice in one object; send each once' }
  return { value: value as Record<string, unknown> }
}

/** Outside strings every colon follows a key, so the number of colons is the number of keys as sent. */
function shapeOf(bytes: Buffer): { keys: number; depth: number } {
  let keys = 0
  let depth = 0
  let deepest = 0
  let inString = false
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (inString) {
      if (byte === BACKSLASH) index++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === COLON) keys++
    else if (byte === 0x7b || byte === 0x5b) {
      depth++
      if (depth > deepest) deepest = depth
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return { keys, depth: deepest }
}

function keyCount(value: object): number {
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) count += keyCount(item)
    return count
  }
  for (const key of Object.keys(value)) {
    count++
    const item = (value as Record<string, unknown>)[key]
    if (typeof item === 'object' && item !== null) count += keyCount(item)
  }
  return count
}

/** How many bytes are as their text would be encoded again: up to the first character that is not UTF-8. */
function validUpTo(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString('utf8'))
  let valid = 0
  while (valid < bytes.length && bytes[valid] === again[valid]) valid++
  return valid
}

export function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return `a text of ${value.length} character${value.length === 1 ? '' : 's'}`
  if (typeof value === 'boolean') return 'true or false'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
