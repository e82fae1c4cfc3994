import { z } from 'zod'
import { Alarm, HistoryLine } from './alarm.ts'
import { presences } from './api.ts'

/** The `data` of each event of `GET /api/v1/stream`, as JSON, by the event's name. */

/** `alarm`: one step of an alarm, and the alarm after it. Has an id to go on from. */
export const StreamAlarm = z.object({ alarm: Alarm, line: HistoryLine })
export type StreamAlarm = z.infer<typeof StreamAlarm>

/** `presence`: a device came or went. Has an id to go on from. */
export const StreamPresence = z.object({ device: z.string(), presence: z.enum(presences), at: z.string() })
export type StreamPresence = z.infer<typeof StreamPresence>

/** `snapshot`: all open alarms. Comes first where the stream can't go on from `Last-Event-ID`. */
export const StreamSnapshot = z.object({ alarms: z.array(Alarm) })
export type StreamSnapshot = z.infer<typeof StreamSnapshot>

/** `counters`, every few seconds. Has no id, for it is never sent again. */
export const StreamCounters = z.object({
  at: z.string(),
  stored: z.int().describe('Publishes since the gateway started; so the two below'),
  duplicate: z.int(),
  rejected: z.int(),
  journalQueued: z.int().describe('Publishes that wait for the disk'),
  connections: z.int(),
  openAlarms: z.int(),
})
export type StreamCounters = z.infer<typeof StreamCounters>
