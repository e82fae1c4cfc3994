import { createHmac, createSecretKey } from 'node:crypto'
import { type Kind, payloadSchemas } from '../../schemas/events/kinds.ts'

/** The same value gives the same 16 hex digits for as long as the key stays; without the key it can't be enumerated. */
export type Pseudonym = (value: string) => string

/** Contract 4: HMAC-SHA-256, first 16 hex digits. An empty key would be a plain hash, so it is a programmer's error. */
export function createPseudonym(key: Uint8Array): Pseudonym {
  if (key.length === 0) throw new RangeError('a pseudonym key must not be empty')
  const secret = createSecretKey(key)
  return value => createHmac('sha256', secret).update(value).digest('hex').slice(0, 16)
}

/** Contract 3's free texts and picture addresses, any of which may name somebody. */
export const dropped = new Set(['reason', 'note', 'image'])

/**
 * What may leave the journal of a payload of `kind`, under contract 4's names: `personKey` and `personRole` for `person`,
 * `plateKey` for `plate` (null where there was none), `listKey` for `list`; free texts, pictures and fields the kind
 * doesn't have are gone. Heartbeat and status have no `data`: their own fields stand in for it.
 * Throws when the payload isn't of its kind.
 */
export function maskData(kind: Kind, payload: unknown, pseudonym: Pseudonym): Record<string, unknown> {
  const parsed = payloadSchemas[kind].parse(payload)
  return Object.fromEntries(
    Object.entries('data' in parsed ? parsed.data : parsed).flatMap(([name, value]) => mask(name, value, pseudonym)),
  )
}

function mask(name: string, value: unknown, pseudonym: Pseudonym): [string, unknown][] {
  if (value === undefined || dropped.has(name)) return []
  if (name === 'plate' || name === 'list') return [[`${name}Key`, typeof value === 'string' ? pseudonym(value) : null]]
  if (name !== 'person') return [[name, value]]
  const { ref, role } = value as { ref: string; role: string }
  return [
    ['personKey', pseudonym(ref)],
    ['personRole', role],
  ]
}
