import { z } from 'zod'
import { NoQuery } from '../../schemas/api.ts'
import { UnmaskBody, UnmaskedEvent } from '../../schemas/audit.ts'
import type { AuditLine } from '../audit/line.ts'
import { createMention, isMentioned } from '../journal/mention.ts'
import type { Masking } from '../journal/versions.ts'
import type { Log } from '../log.ts'
import { callerName } from './auth.ts'
import { type EventsPort, eventView } from './events.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'

/** Resolves once the line is on disk. */
export type AuditWritePort = { write(line: Omit<AuditLine, 'at'>): Promise<void> }

/**
 * One event as the device said it. A POST, since it leaves a trace and its reason must not stand in a URL; nothing is answered
 * before the trace is on disk, and no answer may be kept (`cache-control: no-store`, as of all data).
 */
export function addUnmask(
  app: App,
  ports: { events: EventsPort; auditing: AuditWritePort; masking: Masking; log: Log },
): void {
  app.post(
    '/events/:seq/unmask',
    {
      config: { role: 'admin', load: 'disk' },
      schema: {
        operationId: 'unmaskEvent',
        tags: ['audit'],
        summary: 'One event with person reference, plate and free texts as the device said them',
        description: 'Each reading writes a line of the audit log, with the reason, before it is answered.',
        params: z.object({ seq: z.coerce.number().int().min(1) }),
        querystring: NoQuery,
        body: UnmaskBody,
        response: { 200: UnmaskedEvent, ...refusals(400, 401, 403, 404, 503) },
      },
    },
    async ({ params: { seq }, body: { reason }, caller }, reply) => {
      const { entries } = await ports.events.events({ limit: 1, cursor: seq + 1 })
      const entry = entries[0]
      if (entry?.seq !== seq)
        return sendProblem(
          reply,
          problem(404, `There is no event ${seq}; GET /api/v1/events lists them, for as long as the retention`),
        )
      const payload = JSON.parse(entry.payload) as { data?: Record<string, unknown> }
      const data = payload.data ?? (payload as Record<string, unknown>)
      if (namesOf(data).some(name => isMentioned(reason, createMention({ ref: name }))))
        return sendProblem(reply, problem(400, personalReason))
      await ports.auditing.write({
        by: callerName(caller),
        what: 'event.unmasked',
        subject: String(seq),
        details: { site: entry.site, device: entry.device, kind: entry.kind, reason },
      })
      return { ...eventView(entry, ports.masking, ports.log), data }
    },
  )
}

export const personalReason =
  'The reason names whom it is about; it stays in the audit log for ever, so give the number of an incident or a request'

/** Whom an event is about. */
const namesOf = ({ person, plate, list }: Record<string, unknown>): string[] =>
  [(person as { ref?: unknown } | undefined)?.ref, plate, list].filter(
    (value): value is string => typeof value === 'string' && value !== '',
  )
