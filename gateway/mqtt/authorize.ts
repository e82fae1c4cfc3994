import { topicRoot } from '../../schemas/topics.ts'

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

/** Contract 2: a device's own `ack` and `command/#`; for a monitor whatever lies under `gh/v1/`. */
export function maySubscribe(identity: Identity, filter: string): boolean {
  if (!wellFormed(filter)) return false
  if (identity.role === 'monitor') return filter.startsWith(`${topicRoot}/`)
  return filter === `${identity.prefix}/ack` || filter.startsWith(`${identity.prefix}/command/`)
}

/** [MQTT-4.7.1-2] and [MQTT-4.7.1-3]: `#` only as the last level, wildcards only as a whole level. aedes grants others. */
const wellFormed = (filter: string): boolean =>
  filter
    .split('/')
    .every((level, index, levels) =>
      level.includes('#') ? level === '#' && index === levels.length - 1 : !level.includes('+') || level === '+',
    )
