import { z } from 'zod'
import type { Received, Refused } from '../receiver.ts'
import { openAppendFile } from './append-file.ts'

/** What the receiver's book holds of one request, one JSON line each. Names and places of people stay out of it. */
export const BookLine = z.object({
  /** ms since 1970, the receiver's clock. */
  at: z.number(),
  /** `webhook-id` */
  id: z.string(),
  signature: z.enum(['good', 'bad']),
  /** What was answered. */
  status: z.number(),
  /** Why it was refused. */
  reason: z.string().optional(),
  type: z.string().optional(),
  subject: z.string().optional(),
  repeated: z.boolean().optional(),
  /** Of an alarm: whose it is, and the ids of the device's events in its history. */
  device: z.string().optional(),
  events: z.array(z.string()).optional(),
  pressCount: z.number().optional(),
})
export type BookLine = z.infer<typeof BookLine>

export type ReceiversBook = {
  received: (received: Received) => void
  refused: (refused: Refused) => void
  close: () => void
}

/** Each line is in the file before the message is answered: what was answered with 2xx is in the book, whoever is killed. */
export function openBook(path: string): ReceiversBook {
  const file = openAppendFile(path, { atOnce: true })
  const add = (line: BookLine) => file.add(JSON.stringify(line))
  return {
    received: ({ message, arrivedAtMs, status, repeated }) => {
      const { alarm } = message.data
      add({
        at: arrivedAtMs,
        id: message.id,
        signature: 'good',
        status,
        type: message.type,
        subject: message.subject,
        repeated,
        ...(alarm && {
          device: alarm.device.id,
          events: alarm.history.flatMap(({ eventId }) => eventId ?? []),
          pressCount: alarm.pressCount,
        }),
      })
    },
    refused: ({ id, status, reason, arrivedAtMs, isDistrusted }) =>
      add({ at: arrivedAtMs, id: id ?? '', signature: isDistrusted ? 'bad' : 'good', status, reason }),
    close: file.close,
  }
}
