import { stringify } from 'yaml'

/** Values as YAML in one line, good inside of `{ }` and outside. */
export type Fields = Record<string, unknown>

const plain = /^\p{L}[\p{L}\p{N}-]*$/u
const isWord = /^(?:true|false|null|yes|no|on|off|y|n)$/i

export function inLine(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string' && plain.test(value) && !isWord.test(value)) return value
  // In quotes as the contract writes it, though YAML wouldn't need them.
  if (typeof value === 'string' && value.startsWith('sha256:')) return JSON.stringify(value)
  return stringify([value], { collectionStyle: 'flow', lineWidth: 0 }).trim().slice(2, -2)
}

export const entryInLine = (fields: Fields): string =>
  `{ ${Object.entries(fields)
    .map(([name, value]) => `${name}: ${inLine(value)}`)
    .join(', ')} }`
