import { z } from 'zod'
import { Time } from './time.ts'

/** An event's id: unique per device for ever. The same id sent again is a duplicate and changes nothing (contract 2). */
export const EventId = z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/, 'must be 1–64 of A–Z, a–z, 0–9 and . _ : -')

/** Fields that every event has (contract 3). `data` differs by kind. */
export const common = {
  id: EventId,
  time: Time.optional().describe(
    "The device's time of the event, RFC 3339 with offset. Absent: the gateway's receive time",
  ),
  seq: z.int().min(0).optional().describe('Counts up per device; a gap is reported'),
  buffered: z.boolean().optional().describe("true: sent late from the device's own store"),
}

/** Who passed. `ref` is the site's own reference, never a name; it leaves the journal only as a keyed pseudonym. */
export const Person = z.object({
  ref: z.string().min(1).max(64),
  role: z.enum(['resident', 'staff', 'student', 'visitor', 'delivery', 'unknown']),
})

/** A picture's address. Pictures themselves do not travel over MQTT. */
export const Image = z.url({ protocol: /^https?$/ }).max(512)
