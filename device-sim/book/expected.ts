import type { EventKind, Payload } from '../../schemas/events/kinds.ts'

/**
 * What contract 4 makes of a payload, as far as whoever sent it can know: tags and fields by name. `true`: a pseudonym stands
 * there, and only the gateway knows which.
 */
export type Expected = Record<string, string | number | true>

/** The names that a kind's point takes from the payload; telemetry takes all but those that every point has. */
export const takenNames: Readonly<Record<Exclude<EventKind, 'telemetry'>, readonly string[]>> = {
  access: ['door', 'direction', 'method', 'result', 'personKey', 'personRole'],
  face: ['match', 'score', 'personKey', 'personRole', 'listKey'],
  vehicle: ['direction', 'plateColor', 'plateKey', 'speedKmh', 'confidence'],
  alarm: ['trigger', 'state', 'mode'],
}

export function expectedOf<K extends EventKind>(kind: K, data: Payload<K>['data']): Expected {
  if (kind === 'telemetry') return { ...(data as Payload<'telemetry'>['data']).metrics }
  const said = data as Record<string, unknown> & { person?: { role: string } }
  const values: Record<string, unknown> = {
    ...said,
    ...(said.person && { personKey: true, personRole: said.person.role }),
    ...(typeof said.list === 'string' && { listKey: true }),
    ...(typeof said.plate === 'string' && { plateKey: true }),
  }
  const names = takenNames[kind as Exclude<EventKind, 'telemetry'>]
  return Object.fromEntries(
    names.filter(name => values[name] !== undefined).map(name => [name, values[name]]),
  ) as Expected
}
