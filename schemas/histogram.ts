import { z } from 'zod'
import { QueryTime, query } from './api.ts'
import { kinds } from './events/kinds.ts'
import { Id } from './ids.ts'

/** `events/histogram`: how many events there were over time, counted where they lie, so that a chart needs none of them. */
export const histogramKeys = ['kind', 'site', 'device'] as const
export const HistogramQuery = query({
  site: Id.optional(),
  device: Id.optional(),
  kind: z.enum(kinds as [(typeof kinds)[number], ...typeof kinds]).optional(),
  from: QueryTime.describe('Event time, inclusive'),
  to: QueryTime.optional().describe('Event time, exclusive; left out: now'),
  buckets: z.coerce.number().int().min(1).max(120).default(60).describe('Into so many equal times, at the most'),
  by: z.enum(histogramKeys).default('kind').describe('One series for each; `device` only of one site'),
})
export const Histogram = z.object({
  from: z.string(),
  to: z.string(),
  bucketMs: z.int().describe('Of each bucket; the last may end after `to`'),
  buckets: z.int(),
  series: z.array(
    z.object({
      key: z.string().describe('A kind, a site or a device; one without events may be missing'),
      counts: z.array(z.int()).describe('Per bucket, oldest first'),
    }),
  ),
  countedFrom: z
    .string()
    .nullable()
    .describe(
      'null: everything was counted. Else there is more than one question may look at, and what the gateway received before this time is not counted',
    ),
})
export type Histogram = z.infer<typeof Histogram>
