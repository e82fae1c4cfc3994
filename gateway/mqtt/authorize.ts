import { topicRoot } from '../../schemas/topics.ts'
import { isFilter } from './guards/filters.ts'

/** Who is at the other end of a connection. A device's `prefix` is `gh/v1/{site}/{device}`. */
export type Identity =
  | { role: 'device'; device: string; site: string; prefix: string }
  | { role: 'monitor'; account: string }

/**
 * Contract 2: a device publishes under its own prefix and nowhere else; a monitor publishes nothing. Returns the topic
 * behind the prefix, or undefined: then the connection is closed.
 */
export function leafOf(identity: Identity, topic: string): string | undefined {
  if (identity.role !== 'device') return undefined
  const { prefix } = identity
  return topic.startsWith(prefix) && topic[prefix.length] === '/' ? topic.slice(prefix.length + 1) : undefined
}

/** Twice what the contract's topics have. */
const maxFilterLength = 512

/** Contract 2: a device's own `ack` and `command/#`; for a monitor whatever lies under `gh/v1/`. */
export function maySubscribe(identity: Identity, filter: string): boolean {
  if (filter.length > maxFilterLength || !isFilter(filter)) return false
  if (identity.role === 'monitor') return filter.startsWith(`${topicRoot}/`)
  return filter === `${identity.prefix}/ack` || filter.startsWith(`${identity.prefix}/command/`)
}
