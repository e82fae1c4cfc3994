import type { z } from 'zod'
import { Ack } from './ack.ts'
import { Indicate } from './command.ts'
import { Access } from './events/access.ts'
import { AlarmEvent } from './events/alarm.ts'
import { Face } from './events/face.ts'
import { Heartbeat } from './events/heartbeat.ts'
import { Status } from './events/status.ts'
import { Telemetry } from './events/telemetry.ts'
import { Vehicle } from './events/vehicle.ts'
import { RegistryFile } from './registry.ts'
import { WebhookMessage, WebhookReply } from './webhook.ts'

/** What is printed as JSON Schema for people outside: `json/<name>.schema.json`. */
export type Document = {
  name: string
  title: string
  description: string
  schema: z.ZodType
  /** `input`: what the gateway takes, defaults not yet filled in. `output`: what it sends. */
  io: 'input' | 'output'
  /** MQTT payloads have one. */
  topic?: string
}

const prefix = 'gh/v1/{site}/{device}'
const event = (kind: string) => `${prefix}/event/${kind}`

/** Ordered as the README shows them. */
export const documents: readonly Document[] = [
  {
    name: 'access',
    title: 'Access event',
    description: 'Somebody used, or tried to use, a door.',
    schema: Access,
    io: 'input',
    topic: event('access'),
  },
  {
    name: 'face',
    title: 'Face event',
    description: 'A camera recognised a face, or did not.',
    schema: Face,
    io: 'input',
    topic: event('face'),
  },
  {
    name: 'vehicle',
    title: 'Vehicle event',
    description: 'A vehicle passed a lane.',
    schema: Vehicle,
    io: 'input',
    topic: event('vehicle'),
  },
  {
    name: 'alarm',
    title: 'Alarm event',
    description: 'A button was pressed, or a detector tripped or came back to rest.',
    schema: AlarmEvent,
    io: 'input',
    topic: event('alarm'),
  },
  {
    name: 'telemetry',
    title: 'Telemetry event',
    description: 'Measured numbers by name.',
    schema: Telemetry,
    io: 'input',
    topic: event('telemetry'),
  },
  {
    name: 'heartbeat',
    title: 'Heartbeat',
    description: 'A sign of life. An empty object is enough.',
    schema: Heartbeat,
    io: 'input',
    topic: `${prefix}/heartbeat`,
  },
  {
    name: 'status',
    title: 'Status',
    description: 'Published after connecting, and left as the will.',
    schema: Status,
    io: 'input',
    topic: `${prefix}/status`,
  },
  {
    name: 'ack',
    title: 'Acknowledgement',
    description: 'What became of one publish, sent once it is on disk to a device that subscribed.',
    schema: Ack,
    io: 'output',
    topic: `${prefix}/ack`,
  },
  {
    name: 'indicate',
    title: 'Indicate command',
    description: "How far the device's open alarm is, so that whoever pressed sees that help is coming.",
    schema: Indicate,
    io: 'output',
    topic: `${prefix}/command/indicate`,
  },
  {
    name: 'webhook-message',
    title: 'Webhook message',
    description: 'The body of a webhook: a CloudEvents 1.0 event, signed with the headers of Standard Webhooks.',
    schema: WebhookMessage,
    io: 'output',
  },
  {
    name: 'webhook-reply',
    title: 'Webhook reply',
    description: 'What an endpoint may answer beside its 2xx.',
    schema: WebhookReply,
    io: 'input',
  },
  {
    name: 'registry',
    title: 'Registry file',
    description: 'Who may connect, what it is, where it hangs, and who is told.',
    schema: RegistryFile,
    io: 'input',
  },
]
