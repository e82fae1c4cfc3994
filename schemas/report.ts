import { z } from 'zod'
import { QueryTime, query } from './api.ts'
import { modes } from './events/alarm.ts'
import { Id } from './ids.ts'

/** `response` per site: how long each leg took over the closed alarms of the time asked for. Milliseconds; null: none of them had it. */
const Leg = z.object({ count: z.int(), p50: z.number().nullable(), p90: z.number().nullable() })
export const ResponseReportQuery = query({
  site: Id.optional(),
  mode: z.enum(modes).default('actual').describe('Drills and tests are reported apart from what was real'),
  from: QueryTime.optional().describe('When the gateway received the alarm, inclusive; left out: 30 days before `to`'),
  to: QueryTime.optional().describe('When the gateway received the alarm, exclusive; left out: now'),
})
export const ResponseReport = z.object({
  items: z.array(
    z.object({
      site: z.string(),
      responseMinutes: z.int().describe('The class, as it was at the last of these alarms'),
      alarms: z.int(),
      deliverMs: Leg,
      acknowledgeMs: Leg,
      dispatchMs: Leg,
      arriveMs: Leg,
      closeMs: Leg,
      withinClass: z
        .number()
        .nullable()
        .describe('Share of the arrivals within the class that their alarm was raised with, 0–1'),
    }),
  ),
})
export type ResponseReport = z.infer<typeof ResponseReport>
