import { z } from 'zod'
import { common } from '../envelope.ts'
import { text } from '../text.ts'

export const triggers = [
  'panic',
  'duress',
  'intrusion',
  'forced-door',
  'door-held',
  'tamper',
  'fire',
  'medical',
  'fault',
] as const
export const modes = ['actual', 'drill', 'test'] as const

/** Contract 3.4: a button was pressed, or a detector tripped or came back to rest. */
export const AlarmEvent = z.object({
  ...common,
  data: z.object({
    trigger: z.enum(triggers),
    state: z.enum(['raised', 'restored']).describe('restored: back at rest. It is noted and closes nothing'),
    mode: z.enum(modes).describe('drill and test run the whole way, visibly marked'),
    note: text(256).optional(),
  }),
})
export type AlarmEvent = z.infer<typeof AlarmEvent>
