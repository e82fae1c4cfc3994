import { z } from 'zod'
import { common } from '../envelope.ts'

const maxMetrics = 32

/** Contract 3.5: 1–32 finite numbers by name. */
export const Telemetry = z.object({
  ...common,
  data: z.object({
    metrics: z
      .record(
        z.string().regex(/^[a-z][A-Za-z0-9_]{0,31}$/, 'must be a–z, then up to 31 of A–Z, a–z, 0–9, _'),
        z.number(),
      )
      .refine(metrics => {
        const count = Object.keys(metrics).length
        return count >= 1 && count <= maxMetrics
      }, `must hold 1–${maxMetrics} numbers`)
      .meta({ minProperties: 1, maxProperties: maxMetrics })
      .describe('Finite numbers by name; a name is a–z, then up to 31 of A–Z, a–z, 0–9, _, with its unit in it'),
  }),
})
