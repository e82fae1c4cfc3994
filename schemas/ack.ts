import { z } from 'zod'

/** `gh/v1/{site}/{device}/ack`: what became of one publish, sent after it is on disk, to a device that subscribed. */
export const Ack = z.object({
  id: z.string().nullable().describe("The event's id; null where the payload held none that could be read"),
  result: z.enum(['stored', 'duplicate', 'rejected']),
  seq: z.int().describe("The journal's sequence number of the entry; a duplicate gets the first one's"),
  reason: z.string().optional().describe('Only when rejected'),
  now: z.string().describe("The gateway's time, for a device whose clock is off"),
})
export type Ack = z.infer<typeof Ack>
