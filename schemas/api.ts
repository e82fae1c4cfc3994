import { z } from 'zod'
import { Alarm, Stage } from './alarm.ts'
import { kinds } from './events/kinds.ts'
import { Id } from './ids.ts'
import { DeviceKind, Location, SiteKind } from './registry.ts'
import { Time } from './time.ts'

/** Bodies and queries of the HTTP API (contract 6). */
export const roles = ['viewer', 'dispatcher', 'admin'] as const
export type Role = (typeof roles)[number]

/** RFC 9457, `application/problem+json`. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  mistakes: z
    .array(z.object({ parameter: z.string(), detail: z.string().describe('What it must be') }))
    .optional()
    .describe('Status 400: each parameter that is wrong. Status 422 of a reload: each mistake, by its file and line'),
  checks: z
    .record(z.string(), z.string())
    .optional()
    .describe('/readyz: "ok" or what is wrong, by the name of the check'),
  stage: Stage.optional().describe("Status 409 of an alarm's step: the stage that the alarm is at"),
  by: z.string().optional().describe('Status 409 of an alarm’s step: who brought it there'),
})
export type Problem = z.infer<typeof Problem>

/** Who a token stands for, and what time it is at the gateway. */
export const Me = z.object({ name: z.string(), role: z.enum(roles), now: z.string().describe('RFC 3339, UTC') })
export type Me = z.infer<typeof Me>

/** A parameter with a slip in its name is refused: left out silently, it would give an answer to another question. */
export const query = z.strictObject
export const NoQuery = query({})

/** A `+` that was not written as `%2B` comes as a space; before an offset it can be nothing else. */
export const QueryTime = z.preprocess(
  text => (typeof text === 'string' ? text.replace(/ (\d\d:\d\d)$/, '+$1') : text),
  Time,
)
const limit = z.coerce.number().int().min(1).max(1000).default(100).describe('At most this many items')
const cursor = z.string().max(64).optional().describe('The cursor of the page before')

const counts = { added: z.int(), removed: z.int(), changed: z.int() }
/** What a reload of the registry changed. */
export const RegistryReloaded = z.object({
  sites: z.object(counts),
  devices: z.object({ ...counts, disabled: z.int().describe('That may not connect any more') }),
  endpoints: z.object(counts),
  accounts: z.object(counts),
  cut: z.int().describe('Connections that were ended: of those who could not log in any more as what they were'),
  warnings: z.array(z.string()),
})
export type RegistryReloaded = z.infer<typeof RegistryReloaded>

/** Newest first. `cursor` is null on the last page; a page may hold fewer items than `limit` and still have one. */
export type Page<T> = { items: T[]; cursor: string | null }
const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), cursor: z.string().nullable() })

export const SiteView = z.object({
  id: z.string(),
  name: z.string(),
  kind: SiteKind,
  address: z.string().nullable(),
  location: Location.nullable(),
  responseMinutes: z.int(),
  devices: z.int().describe('How many devices it has'),
  openAlarms: z.int(),
})
export type SiteView = z.infer<typeof SiteView>
export const SitesPage = page(SiteView)

export const presences = ['online', 'silent', 'offline', 'unknown'] as const
export type Presence = (typeof presences)[number]

export const DeviceView = z.object({
  id: z.string(),
  site: z.string(),
  kind: DeviceKind,
  name: z.string(),
  placement: z.string().nullable(),
  externalId: z.string().nullable(),
  connected: z.boolean(),
  presence: z.enum(presences).describe('unknown: not heard since the gateway started'),
  lastSeenAt: z.string().nullable().describe('Since the gateway started'),
  battery: z.number().nullable().describe('Per cent, of its last heartbeat'),
  disabled: z.boolean().describe('It may not connect, and its silence is not reported'),
  rotation: z
    .enum(['waiting', 'done'])
    .nullable()
    .describe(
      'While two secrets count for it. done: it is connected with the new one, and the rotation may be finished; null: only one does',
    ),
  missing: z.int().describe('Events that its numbers (seq) say are missing, since the gateway started'),
})
export type DeviceView = z.infer<typeof DeviceView>
export const DevicesQuery = query({ site: Id.optional() })
export const DevicesPage = page(DeviceView)

export const EventsQuery = query({
  site: Id.optional(),
  device: Id.optional(),
  kind: z.enum(kinds as [(typeof kinds)[number], ...typeof kinds]).optional(),
  from: QueryTime.optional().describe('Event time, inclusive'),
  to: QueryTime.optional().describe('Event time, exclusive'),
  limit,
  cursor,
})
export type EventsQuery = z.infer<typeof EventsQuery>
export const EventView = z.object({
  seq: z.int().describe("The journal's sequence number"),
  id: z.string().nullable().describe('null for heartbeat and status, which have none'),
  site: z.string(),
  device: z.string(),
  kind: z.string(),
  time: z.string().describe('The time the event counts under'),
  timeSource: z.enum(['device', 'gateway']),
  receivedAt: z.string(),
  clockSkewMs: z.int().nullable().describe("Set where the device's time was not believed: device − gateway"),
  data: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe(
      'Person references, plates and list names only as keyed pseudonyms: personKey, plateKey, listKey; free texts are left out. null where this version of the gateway cannot read the payload',
    ),
})
export type EventView = z.infer<typeof EventView>
export const EventsPage = page(EventView)

export const AlarmsQuery = query({ stage: Stage.optional(), site: Id.optional(), limit, cursor })
export type AlarmsQuery = z.infer<typeof AlarmsQuery>
export const AlarmsPage = page(Alarm)

export const deliveryStates = ['pending', 'delivered', 'cancelled'] as const
export const DeliveriesQuery = query({ state: z.enum(deliveryStates).optional(), limit, cursor })
export type DeliveriesQuery = z.infer<typeof DeliveriesQuery>
export const DeliveryView = z.object({
  id: z.int(),
  messageId: z.string().describe('The header webhook-id'),
  type: z.string(),
  subject: z.string(),
  endpoint: z.string(),
  state: z.enum(deliveryStates),
  attempts: z.int(),
  createdAt: z.string(),
  nextAttemptAt: z.string().nullable(),
  deliveredAt: z.string().nullable(),
  lastStatus: z.int().nullable(),
  lastError: z.string().nullable(),
})
export type DeliveryView = z.infer<typeof DeliveryView>
export const DeliveriesPage = page(DeliveryView)
/** A test message that is on its way to one endpoint. */
export const EndpointTest = z.object({ messageId: z.string().describe('The header webhook-id that it comes with') })

export const RejectionsQuery = query({ site: Id.optional(), device: Id.optional(), limit, cursor })
export type RejectionsQuery = z.infer<typeof RejectionsQuery>
export const RejectionView = z.object({
  seq: z.int(),
  site: z.string(),
  device: z.string(),
  topic: z.string(),
  reason: z.string(),
  receivedAt: z.string(),
  bytes: z.int().describe('Size of the payload. The payload itself is not shown: it may hold personal data'),
  replayedAs: z.int().nullable().describe('The number of the event that it became when it was replayed'),
})
export type RejectionView = z.infer<typeof RejectionView>
export const RejectionsPage = page(RejectionView)
export const ReplayResult = z.object({
  result: z.enum(['stored', 'duplicate', 'rejected']),
  seq: z.int().describe("The event's number; the rejection's own where it is still rejected"),
  reason: z.string().optional().describe('Why it is still rejected'),
})
export type ReplayResult = z.infer<typeof ReplayResult>

/** The conservation check: `received = accepted + duplicate + rejected`, per consumer `accepted = done + pending + quarantined`. */
export const Stats = z.object({
  received: z.int(),
  accepted: z.int(),
  duplicate: z.int(),
  rejected: z.int(),
  consumers: z.record(z.string(), z.object({ done: z.int(), pending: z.int(), quarantined: z.int() })),
  journal: z.object({ lastSeq: z.int(), bytes: z.int() }),
  deliveries: z.object({ pending: z.int(), delivered: z.int(), cancelled: z.int() }),
  alarms: z.object({ open: z.int(), closed: z.int() }),
  connections: z.int(),
})
export type Stats = z.infer<typeof Stats>

export const Health = z.object({ status: z.literal('alive'), version: z.string() })
export const Readiness = z.object({ status: z.literal('ready'), checks: z.record(z.string(), z.string()) })
