import { z } from 'zod'
import { common, Person } from '../envelope.ts'
import { name } from '../ids.ts'

/** Contract 3.1: somebody used, or tried to use, a door. */
export const Access = z.object({
  ...common,
  data: z.object({
    door: name(64),
    direction: z.enum(['in', 'out']),
    method: z.enum(['card', 'face', 'fingerprint', 'qr', 'pin', 'phone', 'remote', 'button', 'key']),
    result: z.enum(['granted', 'denied']),
    reason: z.string().max(128).optional(),
    person: Person.optional(),
  }),
})
