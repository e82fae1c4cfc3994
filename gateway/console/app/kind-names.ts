import type { Kind } from '../../../schemas/events/kinds.ts'

/** The kinds, without zod, which `schemas/events/kinds.ts` brings along. The type says when one is missing. */
const kinds: Record<Kind, true> = {
  alarm: true,
  access: true,
  face: true,
  vehicle: true,
  telemetry: true,
  heartbeat: true,
  status: true,
}
export const kindNames = Object.keys(kinds) as Kind[]
