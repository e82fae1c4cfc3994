import { z } from 'zod'
import { EventView, QueryTime, query } from './api.ts'
import { text } from './text.ts'

/** The audit log, and what is only done with a line in it: reading unmasked, erasing (contract 6, admin). */
export const AuditQuery = query({
  from: QueryTime.optional().describe('Inclusive'),
  to: QueryTime.optional().describe('Exclusive'),
  what: z
    .string()
    .regex(/^[a-z]+(\.[a-z-]+)?$/, 'must be like alarm.closed, or like alarm for all of alarm.…')
    .max(64)
    .optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('At most this many items'),
})
export const AuditView = z.object({
  n: z.int().describe('Counts up from 1 without a gap'),
  at: z.string(),
  by: z.string().describe('The name of an API token, "gateway", or "command"; never a person'),
  what: z.string(),
  subject: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
  hash: z.string().describe('SHA-256 over the hash of the line before and this line'),
})
export type AuditView = z.infer<typeof AuditView>
export const AuditPage = z.object({ items: z.array(AuditView), cursor: z.string().nullable() })

const reason = text(200, 1)
  .refine(value => value.trim() !== '', 'must say something')
  .describe(
    'Why: the number of an incident or a request. It stays in the audit log for ever, so no name, reference or plate',
  )

export const UnmaskBody = z.strictObject({ reason })
export const UnmaskedEvent = EventView.extend({
  data: z.record(z.string(), z.unknown()).describe("The payload's data as the device said it"),
})
export type UnmaskedEvent = z.infer<typeof UnmaskedEvent>

export const EraseBody = z
  .strictObject({
    ref: text(64, 1).optional().describe("A person's reference, as devices say it"),
    plate: text(16, 1).optional().describe('A plate, as devices say it'),
    reason,
  })
  .refine(({ ref, plate }) => (ref === undefined) !== (plate === undefined), {
    message: 'name either a ref or a plate',
    path: ['ref'],
  })
export const EraseResult = z.object({
  entries: z.int().describe('Events that named it'),
  rejections: z.int().describe('Rejected payloads that named it: nothing is left of them'),
  left: z.int().describe("Events that name it still, in their id or in a door's or camera's name"),
  pseudonyms: z
    .array(z.object({ version: z.int(), pseudonym: z.string() }))
    .describe('How it stands in InfluxDB: personKey or plateKey, by keyVersion'),
  logEmptied: z.boolean().describe('false: old bytes may stand in the -wal file for a while; erase again later'),
})
