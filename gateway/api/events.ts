import { EventsPage, EventsQuery, type EventView } from '../../schemas/api.ts'
import type { Kind } from '../../schemas/events/kinds.ts'
import { parseTime } from '../../schemas/time.ts'
import { iso } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Entry } from '../journal/journal.ts'
import { maskData } from '../journal/pseudonym.ts'
import type { Masking } from '../journal/versions.ts'
import type { Log } from '../log.ts'
import { cursorOf, toCursor } from './cursor.ts'
import { refusals } from './problem.ts'
import type { App } from './route.ts'

export type EventsPort = {
  /** Newest first. `fromMs` inclusive and `toMs` exclusive, of the time the entry counts under. */
  events(query: {
    site?: string | undefined
    device?: string | undefined
    kind?: Kind | undefined
    fromMs?: number | undefined
    toMs?: number | undefined
    limit: number
    cursor?: number | undefined
  }): Promise<{ entries: Entry[]; next: number | null }>
}

const querystring = EventsQuery.extend({ cursor: cursorOf('events') }).refine(
  ({ from, to }) => from === undefined || to === undefined || parseTime(from)! < parseTime(to)!,
  { path: ['from'], message: 'must be before "to"' },
)

export function addEvents(app: App, ports: { events: EventsPort; masking: Masking; log: Log }): void {
  app.get(
    '/events',
    {
      config: { role: 'viewer', load: 'disk' },
      schema: {
        operationId: 'listEvents',
        tags: ['journal'],
        summary: 'What devices said, newest first',
        description: 'Accepted entries of the journal. Whom or which plate they are about shows only as a pseudonym.',
        querystring,
        response: { 200: EventsPage, ...refusals(400, 401, 403) },
      },
    },
    async ({ query: { from, to, ...query } }) => {
      const page = await ports.events.events({ ...query, fromMs: msOf(from), toMs: msOf(to) })
      const items = page.entries.map(entry => eventView(entry, ports.masking, ports.log))
      return { items, cursor: toCursor('events', page.next) }
    },
  )
}

const msOf = (time: string | undefined): number | undefined => (time === undefined ? undefined : parseTime(time))

export function eventView(entry: Entry, masking: Masking, log: Log): EventView {
  const payload: Record<string, unknown> = JSON.parse(entry.payload)
  const ownTime = entry.kind !== 'status' && payload.time !== undefined && entry.skewMs === null
  return {
    seq: entry.seq,
    id: entry.id,
    site: entry.site,
    device: entry.device,
    kind: entry.kind,
    time: iso(entry.at),
    timeSource: ownTime ? 'device' : 'gateway',
    receivedAt: iso(entry.receivedAt),
    clockSkewMs: entry.skewMs,
    data: readableData(entry, payload, masking, log),
  }
}

/** One entry that an older gateway took and this one can't read must not hide the others. */
function readableData(entry: Entry, payload: unknown, masking: Masking, log: Log): EventView['data'] {
  try {
    return maskData(entry.kind, payload, masking.of(entry.seq).pseudonym)
  } catch (error) {
    log.warn({ seq: entry.seq, kind: entry.kind, reason: messageOf(error) }, 'event.unreadable')
    return null
  }
}
