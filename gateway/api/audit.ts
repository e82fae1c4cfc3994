import { AuditPage, AuditQuery } from '../../schemas/audit.ts'
import { parseTime } from '../../schemas/time.ts'
import type { StoredLine } from '../audit/line.ts'
import { iso } from '../clock.ts'
import { cursorOf, type Slice, toCursor } from './cursor.ts'
import { refusals } from './problem.ts'
import type { App } from './route.ts'

export type AuditPort = {
  /** Newest first. */
  audit(query: {
    fromMs?: number | undefined
    toMs?: number | undefined
    what?: string | undefined
    limit: number
    cursor?: number | undefined
  }): Promise<Slice<StoredLine>>
}

export function addAudit(app: App, { audit }: { audit: AuditPort }): void {
  app.get(
    '/audit',
    {
      config: { role: 'admin', load: 'disk' },
      schema: {
        operationId: 'listAudit',
        tags: ['audit'],
        summary: 'Who did what, newest first',
        description: 'Chained by hash: `npm run audit -- verify` finds a line that was changed or is missing.',
        querystring: AuditQuery.extend({ cursor: cursorOf('audit') }),
        response: { 200: AuditPage, ...refusals(400, 401, 403) },
      },
    },
    async ({ query: { from, to, ...query } }) => {
      const { items, next } = await audit.audit({ ...query, fromMs: msOf(from), toMs: msOf(to) })
      const views = items.map(({ at, details, ...line }) => ({
        ...line,
        at: iso(at),
        details: JSON.parse(details) as Record<string, unknown>,
      }))
      return { items: views, cursor: toCursor('audit', next) }
    },
  )
}

const msOf = (time: string | undefined): number | undefined => (time === undefined ? undefined : parseTime(time))
