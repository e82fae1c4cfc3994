import type { z } from 'zod'
import { Access } from './access.ts'
import { AlarmEvent } from './alarm.ts'
import { Face } from './face.ts'
import { Heartbeat } from './heartbeat.ts'
import { Status } from './status.ts'
import { Telemetry } from './telemetry.ts'
import { Vehicle } from './vehicle.ts'

/** The five kinds of event, as they stand in `…/event/{kind}`. */
export const eventSchemas = {
  access: Access,
  face: Face,
  vehicle: Vehicle,
  alarm: AlarmEvent,
  telemetry: Telemetry,
} as const
export type EventKind = keyof typeof eventSchemas
export const eventKinds = Object.keys(eventSchemas) as EventKind[]

/** All that a device may publish and the journal keeps: events, heartbeats, status. */
export const payloadSchemas = { ...eventSchemas, heartbeat: Heartbeat, status: Status } as const
export type Kind = keyof typeof payloadSchemas
export const kinds = Object.keys(payloadSchemas) as Kind[]

/** What a validated payload of each kind looks like. */
export type Payload<K extends Kind = Kind> = z.infer<(typeof payloadSchemas)[K]>
