import { z } from 'zod'
import { common } from '../envelope.ts'

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
    state: z.enum(['raised', 'restored']),
    mode: z.enum(modes),
    note: z.string().max(256).optional(),
  }),
})
export type AlarmEvent = z.infer<typeof AlarmEvent>
