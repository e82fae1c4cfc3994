import { z } from 'zod'

/** Contract 2: published on connect, and as the will. `boot` counts the device's starts, so an old will can be told from a new connection. */
export const Status = z.object({
  status: z.enum(['online', 'offline']).describe('online: published after connecting; offline: in the will'),
  boot: z.int().min(0).describe("Counts the device's starts, so that an old will can be told from a new connection"),
})
