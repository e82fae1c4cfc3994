import { z } from 'zod'
import { common, Person } from '../envelope.ts'
import { name, text } from '../text.ts'

/** Contract 3.1: somebody used, or tried to use, a door. */
export const Access = z.object({
  ...common,
  data: z.object({
    door: name(64).describe("The door's name, the same for ever: it becomes a tag"),
    direction: z.enum(['in', 'out']),
    method: z.enum(['card', 'face', 'fingerprint', 'qr', 'pin', 'phone', 'remote', 'button', 'key']),
    result: z.enum(['granted', 'denied']),
    reason: text(128).optional().describe('Why it was denied, in words'),
    person: Person.optional(),
  }),
})
