import { z } from 'zod'
import { Time } from '../time.ts'

/** Contract 3.6: a sign of life. `{}` is enough. */
export const Heartbeat = z.object({
  time: Time.optional(),
  uptimeS: z.number().min(0).optional().describe('Seconds since the device started'),
  battery: z.number().min(0).max(100).optional().describe('Per cent'),
  rssi: z.number().optional().describe('dBm'),
  firmware: z.string().max(32).optional(),
})
