import { type Kind, payloadSchemas } from '../../schemas/events/kinds.ts'
import { isMentioned, namedBy, type Subject } from './mention.ts'
import { dropped } from './pseudonym.ts'

/** What stands in the place of what was erased: valid by the schema, so that the entry is written to InfluxDB like any other. */
export const erasedMarker = 'erased'

export type ErasedPayload = {
  payload: string
  /** It still names the subject, in a field that is no personal one: an event's id, a door's or camera's name. */
  isLeft: boolean
}

/**
 * An accepted payload without its subject; undefined where it doesn't name it. What remains is what the kind's schema knows
 * but free texts and pictures: what else stood there may be about the same person. Tags, times and numbers stay, so the entry
 * gives the same point, with the pseudonym of `erased` over the one before.
 */
export function eraseFrom(
  kind: Kind,
  payload: string,
  subject: Subject,
  mention: (text: string) => boolean,
): ErasedPayload | undefined {
  const said: unknown = JSON.parse(payload)
  if (!isMentioned(said, mention)) return undefined
  const known = payloadSchemas[kind].parse(said) as Record<string, unknown>
  const value = namedBy(subject)
  const clean = (name: string, item: unknown): [string, unknown][] => {
    if (dropped.has(name)) return []
    if (name === 'person') {
      const person = item as { ref: string; role: string } | undefined
      return [[name, person?.ref === value && 'ref' in subject ? { ...person, ref: erasedMarker } : item]]
    }
    if (name === 'plate') return [[name, item === value && 'plate' in subject ? erasedMarker : item]]
    if (name === 'list') return [[name, typeof item === 'string' && mention(item) ? erasedMarker : item]]
    return [[name, item]]
  }
  const data = known.data as Record<string, unknown> | undefined
  const kept =
    data === undefined
      ? known
      : { ...known, data: Object.fromEntries(Object.entries(data).flatMap(([name, item]) => clean(name, item))) }
  return { payload: JSON.stringify(kept), isLeft: isMentioned(kept, mention) }
}
