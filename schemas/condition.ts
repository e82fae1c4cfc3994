import { z } from 'zod'
import { Fault } from './webhook.ts'

/** `GET /api/v1/health`: how the gateway is, for a person who looks. Machines have /readyz and /metrics. */
const count = z.int().min(0)

export const Condition = z.object({
  at: z.string(),
  version: z.string(),
  uptimeS: count,
  trouble: z.string().nullable().describe('What keeps events from the disk, as /readyz says it; null: nothing'),
  journal: z.object({ queued: count.describe('Publishes that wait for the disk') }),
  disk: z.object({
    level: z
      .enum(['roomy', 'tight', 'full'])
      .describe('tight: only alarms, heartbeats and statuses are taken; full: only alarms'),
    freeBytes: count.nullable().describe('null: not looked yet, or the disk does not say'),
  }),
  lag: z
    .array(
      z.object({
        consumer: z.string(),
        entries: count.describe('Numbers of the journal that it has not passed'),
        seconds: z.number().describe('Age of the oldest entry that it has not passed'),
      }),
    )
    .describe('Without counting; GET stats counts'),
  influx: z
    .object({ waiting: z.boolean().describe('It takes nothing'), cursor: count, unsettled: count })
    .nullable()
    .describe('null: no InfluxDB is set, or its writer has not said yet'),
  endpoints: z.array(
    z.object({
      id: z.string(),
      level: z.int(),
      pending: count.describe('Deliveries that wait, of the 10 000 oldest of all endpoints'),
      oldestPendingAt: z.string().nullable(),
      lastError: z.string().nullable().describe('Of what waits, the newest'),
      lastDeliveredAt: z.string().nullable().describe('null: not among the last 1000 deliveries'),
    }),
  ),
  eventLoop: z
    .object({ p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() })
    .nullable()
    .describe('How late the main thread was in the last whole minute; null: there has been none'),
  memoryBytes: count,
  connections: z.object({ open: count, throttled: count.describe('Not read now: they say more than their share') }),
  faults: z
    .array(Fault.extend({ at: z.string() }))
    .describe('The last 20 that endpoints were told of, newest first; kept as long as deliveries are'),
})
export type Condition = z.infer<typeof Condition>
