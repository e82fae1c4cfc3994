import { z } from 'zod'
import { text } from '../text.ts'
import { Time } from '../time.ts'

/** Contract 3.6: a sign of life. `{}` is enough. */
export const Heartbeat = z.object({
  time: Time.optional().describe("The device's time"),
  uptimeS: z.number().min(0).optional().describe('Seconds since the device started'),
  battery: z.number().min(0).max(100).optional().describe('Per cent'),
  rssi: z.number().optional().describe('dBm'),
  firmware: text(32).optional().describe('The version that runs'),
})
