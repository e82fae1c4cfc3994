import { z } from 'zod'
import type { EventView } from '../../schemas/api.ts'
import { type EventKind, eventKinds, eventSchemas } from '../../schemas/events/kinds.ts'
import { parseTime } from '../../schemas/time.ts'
import type { Saying } from '../payloads.ts'

/**
 * A recording: JSON Lines, a header and then one event each, in the order in which the gateway received them. It holds what
 * the API gives, so persons, plates and lists are pseudonyms, and free texts and pictures are not there.
 */
const Ms = z.string().transform((text, context) => {
  const ms = parseTime(text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'must be an RFC 3339 time' })
  return z.NEVER
})
export const RecordingHeader = z.object({
  recording: z.literal(1),
  from: z.string(),
  to: z.string(),
  events: z.int().min(0),
  /** When the first and the last of them were received; undefined where there is none. */
  firstAt: Ms.optional(),
  lastAt: Ms.optional(),
  devices: z.array(z.string()),
})
export type RecordingHeader = z.input<typeof RecordingHeader>

const RecordedLine = z.object({
  receivedAt: Ms,
  /** Absent: the device gave none, or none that the gateway believed. */
  time: Ms.optional(),
  /** How far the device's clock was off, where it was not believed. */
  clockSkewMs: z.int().optional(),
  site: z.string(),
  device: z.string(),
  kind: z.enum(eventKinds as [EventKind, ...EventKind[]]),
  data: z.unknown(),
})
export type Recorded = Omit<z.output<typeof RecordedLine>, 'kind' | 'data'> & { saying: Saying }

/** The line of a recording; undefined for what is no event (heartbeat, status), or has no readable data. */
export function recordedLine(view: EventView): string | undefined {
  const schema = Object.hasOwn(eventSchemas, view.kind) ? eventSchemas[view.kind as EventKind] : undefined
  if (schema === undefined || view.data === null) return undefined
  const data = sayable(view.data)
  if (!schema.shape.data.safeParse(data).success) return undefined
  const { receivedAt, site, device, kind, clockSkewMs } = view
  return JSON.stringify({
    receivedAt,
    ...(view.timeSource === 'device' && { time: view.time }),
    ...(clockSkewMs !== null && { clockSkewMs }),
    ...{ site, device, kind, data },
  })
}

/** What a device could have said of it: a pseudonym stands where a reference, a plate or a list stood. */
function sayable({
  personKey,
  personRole,
  plateKey,
  listKey,
  ...rest
}: Record<string, unknown>): Record<string, unknown> {
  return {
    ...rest,
    ...(personKey !== undefined && { person: { ref: personKey, role: personRole } }),
    ...(plateKey !== undefined && { plate: plateKey }),
    ...(typeof listKey === 'string' && { list: listKey }),
  }
}

/** A sentence where the line is no event that a device could say. */
export function parseRecorded(line: string): Recorded | string {
  let content: unknown
  try {
    content = JSON.parse(line)
  } catch {
    return 'is not JSON'
  }
  const { data: read, error } = RecordedLine.safeParse(content)
  if (read === undefined) return `${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}`
  const { kind, data, ...rest } = read
  const said = eventSchemas[kind].shape.data.safeParse(data)
  if (!said.success)
    return `data.${said.error.issues[0]?.path.join('.')}: ${said.error.issues[0]?.message} (schemas/README.md, ${kind})`
  return { ...rest, saying: { kind, data: said.data } as Saying }
}
