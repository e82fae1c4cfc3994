import { z } from 'zod'
import { Alarm } from './alarm.ts'
import { DeviceKind, SiteKind } from './registry.ts'

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

/** A device that fell silent or came back. */
export const DeviceReport = z.object({
  id: z.string(),
  name: z.string(),
  kind: DeviceKind,
  placement: z.string().nullable(),
  site: z.string(),
  lastSeenAt: z.string().nullable().describe('null: not since the gateway started'),
  flapping: z.boolean().describe('true: it comes and goes; not reported again until it has been steady for 30 min'),
})
export type DeviceReport = z.infer<typeof DeviceReport>

/** A site of which all or many devices fell silent or came back at once: one report instead of one per device. */
export const SiteReport = z.object({
  id: z.string(),
  name: z.string(),
  kind: SiteKind,
  deviceCount: z.int().describe('How many of its devices fell silent, or are back'),
  devices: z.array(z.string()).max(100).describe('The first 100 of them'),
  flapping: z.boolean().describe('true: it comes and goes; not reported again until it has been steady for 30 min'),
})
export type SiteReport = z.infer<typeof SiteReport>

export const WebhookMessage = z.object({
  specversion: z.literal('1.0'),
  id: z.string().describe('Equals the header webhook-id; constant over attempts'),
  source: z.string(),
  type: z.enum(messageTypes),
  time: z.string(),
  subject: z.string().describe('The alarm or device id; the site id where a whole site is meant'),
  datacontenttype: z.literal('application/json'),
  data: z.object({
    alarm: Alarm.optional(),
    device: DeviceReport.optional(),
    site: SiteReport.optional(),
    fault: Fault.optional(),
  }),
})
export type WebhookMessage = z.infer<typeof WebhookMessage>

/** What an endpoint may answer beside its 2xx. Anything else in the body is ignored. */
export const WebhookReply = z.object({
  incidentNo: z.string().max(64).optional(),
  acknowledged: z.boolean().optional(),
})
export type WebhookReply = z.infer<typeof WebhookReply>
