import type { Kind } from '../../schemas/events/kinds.ts'

/** Numbers of kinds as they stand on disk. Never renumber; the partial index entry_alarm names alarm's. */
const codes: Record<Kind, number> = { access: 1, face: 2, vehicle: 3, alarm: 4, telemetry: 5, heartbeat: 6, status: 7 }
const names = Object.fromEntries(Object.entries(codes).map(([kind, code]) => [code, kind])) as Record<number, Kind>

export const codeOfKind = (kind: Kind): number => codes[kind]
export const kindOfCode = (code: number): Kind => names[code] as Kind
