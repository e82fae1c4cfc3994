import { z } from 'zod'
import { Alarm } from './alarm.ts'

/** Contract 5: CloudEvents 1.0 in structured mode, signed with the headers of Standard Webhooks. */
export const messageTypes = [
  'alarm.raised',
  'alarm.pressed',
  'alarm.restored',
  'alarm.escalated',
  'alarm.acknowledged',
  'alarm.dispatched',
  'alarm.arrived',
  'alarm.closed',
  'device.silent',
  'device.recovered',
  'gateway.fault',
] as const
export type MessageType = (typeof messageTypes)[number]

/** What is wrong with the gateway or one of its neighbours, for a person to act on. */
export const Fault = z.object({
  code: z.string(),
  subject: z.string().describe('What it is about: an endpoint, a consumer, a device'),
  message: z.string(),
})
export type Fault = z.infer<typeof Fault>

export const WebhookMessage = z.object({
  specversion: z.literal('1.0'),
  id: z.string().describe('Equals the header webhook-id; constant over attempts'),
  source: z.string(),
  type: z.enum(messageTypes),
  time: z.string(),
  subject: z.string().describe('The alarm or device id'),
  datacontenttype: z.literal('application/json'),
  data: z.object({ alarm: Alarm.optional(), fault: Fault.optional() }),
})
export type WebhookMessage = z.infer<typeof WebhookMessage>

/** What an endpoint may answer beside its 2xx. Anything else in the body is ignored. */
export const WebhookReply = z.object({
  incidentNo: z.string().max(64).optional(),
  acknowledged: z.boolean().optional(),
})
export type WebhookReply = z.infer<typeof WebhookReply>
