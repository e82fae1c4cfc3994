import { z } from 'zod'
import { common, Image, Person } from '../envelope.ts'
import { name } from '../ids.ts'

/** Contract 3.2: a camera recognised a face, or did not. */
export const Face = z.object({
  ...common,
  data: z.object({
    camera: name(64),
    match: z.enum(['known', 'stranger', 'listed']),
    list: z.string().max(64).optional(),
    score: z.number().min(0).max(1).optional(),
    person: Person.optional(),
    image: Image.optional(),
  }),
})
