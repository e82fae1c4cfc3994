import { z } from 'zod'
import { common, Image } from '../envelope.ts'
import { name, text } from '../text.ts'

/** Contract 3.3: a vehicle passed a lane. `plate` is null where there is none or it could not be read. */
export const Vehicle = z.object({
  ...common,
  data: z.object({
    lane: name(64).describe("The lane's name"),
    direction: z.enum(['in', 'out', 'unknown']),
    plate: text(16).nullable().describe('null: there is none, or it could not be read'),
    plateColor: z.enum(['blue', 'yellow', 'green', 'white', 'black', 'other']).optional(),
    vehicleType: text(32).optional(),
    speedKmh: z.number().min(0).max(400).optional(),
    confidence: z.number().min(0).max(1).optional().describe('How sure the plate is, 1 is certain'),
    image: Image.optional(),
  }),
})
