import { z } from 'zod'
import { httpUrl, text } from './text.ts'
import { Time } from './time.ts'

/** An event's id: unique per device for ever. The same id sent again is a duplicate and changes nothing (contract 2). */
export const EventId = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,64}$/, 'must be 1–64 of A–Z, a–z, 0–9 and . _ : -')
  .describe('Unique per device for ever: a counter with the boot number, a ULID, …')

/** Fields that every event has (contract 3). `data` differs by kind. */
export const common = {
  id: EventId,
  time: Time.optional().describe("The device's time of the event. Absent: the gateway's receive time, marked as such"),
  seq: z.int().min(0).optional().describe('Counts up per device; a gap is reported'),
  buffered: z.boolean().optional().describe("true: sent late, from the device's own store"),
}

/** Who passed. `ref` is the site's own reference, never a name; it leaves the journal only as a keyed pseudonym. */
export const Person = z.object({
  ref: text(64, 1).describe("The site's own reference, never a name or an identity number"),
  role: z.enum(['resident', 'staff', 'student', 'visitor', 'delivery', 'unknown']),
})

/** A picture's address. Pictures themselves do not travel over MQTT. */
export const Image = httpUrl(512).describe(
  'The http or https URL of a picture; pictures themselves do not travel over MQTT',
)
