import { z } from 'zod'
import { modes, triggers } from './events/alarm.ts'
import { Contact, DeviceKind, Location, SiteKind } from './registry.ts'

/** An alarm as the outside sees it: `data.alarm` of every webhook and the API's alarms (contract 1 and 5). */
export const stages = ['raised', 'delivered', 'acknowledged', 'dispatched', 'arrived', 'closed'] as const
export const Stage = z.enum(stages)
export type Stage = z.infer<typeof Stage>

export const dispositions = ['real', 'false', 'drill', 'test'] as const
export const Disposition = z.enum(dispositions)

/** One line of an alarm's history: what happened, when, by whom. */
export const HistoryLine = z.object({
  at: z.string(),
  what: z.enum([
    'raised',
    'pressed',
    'restored',
    'delivered',
    'escalated',
    'acknowledged',
    'dispatched',
    'arrived',
    'closed',
  ]),
  stage: Stage.describe('The stage after it'),
  by: z.string().optional().describe('The endpoint, person or deadline that caused it'),
  eventId: z.string().optional(),
  mode: z.enum(modes).optional().describe('Of a press or restore: the alarm has the gravest of them'),
  note: z.string().optional(),
  incidentNo: z.string().optional(),
  unit: z.string().optional(),
})
export type HistoryLine = z.infer<typeof HistoryLine>

/** The site and device as they were when the alarm was raised. */
export const AlarmSite = z.object({
  id: z.string(),
  name: z.string(),
  kind: SiteKind,
  address: z.string().nullable(),
  location: Location.nullable(),
  responseMinutes: z.int(),
  contacts: z.array(Contact),
})
export const AlarmDevice = z.object({
  id: z.string(),
  name: z.string(),
  kind: DeviceKind,
  placement: z.string().nullable(),
})

/** One of the site's last events, pseudonymised: no person reference, plate or list name. */
export const RecentEvent = z.object({
  seq: z.int(),
  device: z.string(),
  kind: z.string(),
  at: z.string(),
  summary: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
})
export type RecentEvent = z.infer<typeof RecentEvent>

/** Another open alarm of the same site. */
export const Neighbour = z.object({
  id: z.string(),
  device: z.string(),
  trigger: z.enum(triggers),
  mode: z.enum(modes),
  stage: Stage,
})
export type Neighbour = z.infer<typeof Neighbour>

export const Alarm = z.object({
  id: z.string(),
  trigger: z.enum(triggers),
  mode: z.enum(modes),
  stage: Stage,
  escalationLevel: z.int().min(0),
  pressCount: z.int().min(1),
  restoredAt: z.string().nullable(),
  raisedAt: z.string().describe("When it happened: the event's time"),
  receivedAt: z.string().describe('When the gateway received it'),
  incidentNo: z.string().nullable(),
  disposition: Disposition.nullable(),
  maintenance: z.boolean().describe('Raised in a maintenance window of its site or device'),
  deadlines: z.record(z.string(), z.string()).describe('Due times by name'),
  history: z.array(HistoryLine),
  site: AlarmSite,
  device: AlarmDevice,
  context: z.object({ recent: z.array(RecentEvent).max(20) }),
  neighbours: z.array(Neighbour).max(20).describe('Other open alarms of the site, as they are now'),
})
export type Alarm = z.infer<typeof Alarm>
