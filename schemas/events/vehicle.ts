import { z } from 'zod'
import { common, Image } from '../envelope.ts'
import { name } from '../ids.ts'

/** Contract 3.3: a vehicle passed a lane. `plate` is null where there is none or it could not be read. */
export const Vehicle = z.object({
  ...common,
  data: z.object({
    lane: name(64),
    direction: z.enum(['in', 'out', 'unknown']),
    plate: z.string().max(16).nullable(),
    plateColor: z.enum(['blue', 'yellow', 'green', 'white', 'black', 'other']).optional(),
    vehicleType: z.string().max(32).optional(),
    speedKmh: z.number().min(0).max(400).optional(),
    confidence: z.number().min(0).max(1).optional(),
    image: Image.optional(),
  }),
})
