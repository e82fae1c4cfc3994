import { z } from 'zod'
import { common, Image, Person } from '../envelope.ts'
import { name, text } from '../text.ts'

/** Contract 3.2: a camera recognised a face, or did not. */
export const Face = z.object({
  ...common,
  data: z.object({
    camera: name(64).describe("The camera's name"),
    match: z.enum(['known', 'stranger', 'listed']),
    list: text(64).optional().describe('The list that it was found on'),
    score: z.number().min(0).max(1).optional().describe('How alike, 1 is the same'),
    person: Person.optional(),
    image: Image.optional(),
  }),
})
