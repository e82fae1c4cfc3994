import { z } from 'zod'
import { QueryTime, query } from './api.ts'
import { Id } from './ids.ts'

/** `response` per site: how long each leg took over the alarms closed in the time asked for. Milliseconds; null: none of them had it. */
const Leg = z.object({ count: z.int(), p50: z.number().nullable(), p90: z.number().nullable() })
export const ResponseReportQuery = query({
  site: Id.optional(),
  from: QueryTime.optional().describe('Raised at, inclusive'),
  to: QueryTime.optional().describe('Raised at, exclusive'),
})
export const ResponseReport = z.object({
  items: z.array(
    z.object({
      site: z.string(),
      responseMinutes: z.int(),
      alarms: z.int(),
      deliverMs: Leg,
      acknowledgeMs: Leg,
      dispatchMs: Leg,
      arriveMs: Leg,
      closeMs: Leg,
      withinClass: z.number().nullable().describe('Share of the arrivals within the class, 0–1'),
    }),
  ),
})
export type ResponseReport = z.infer<typeof ResponseReport>
