import type { DatabaseSync } from 'node:sqlite'
import type { Alarm } from '../../schemas/alarm.ts'
import type { SiteKind } from '../../schemas/registry.ts'
import type { ResponseReport } from '../../schemas/report.ts'
import { reportOf } from '../alarms/report.ts'
import type { Legs } from '../alarms/response.ts'

/** The consumer that writes them as points. Its cursor counts responses, not the journal's entries. */
export const responsesConsumer = 'responses'

/** One closed alarm's response: a point in InfluxDB, a line of the report. Numbered in the order of closing. */
export type Response = {
  seq: number
  alarm: string
  site: string
  siteKind: SiteKind
  device: string
  mode: Alarm['mode']
  responseMinutes: number
  receivedAt: number
  closedAt: number
  legs: Legs
}

type ReportQuery = { from: number; to: number; mode: Alarm['mode']; site?: string | undefined; limit: number }

const columns = `seq, alarm, site, site_kind AS siteKind, device, mode, response_minutes AS responseMinutes,
  received_ms AS receivedAt, closed_ms AS closedAt, legs`

export function responseReader(db: DatabaseSync) {
  const after = db.prepare(`SELECT ${columns} FROM response WHERE seq > ? ORDER BY seq LIMIT ?`)
  const between = db.prepare(
    `SELECT ${columns} FROM response WHERE received_ms >= ? AND received_ms < ? AND mode = ? AND (?4 IS NULL OR site = ?4)
     ORDER BY received_ms LIMIT ?5`,
  )
  const receipt = db.prepare('SELECT request, answer FROM receipt WHERE caller = ? AND key = ?')
  const parse = (row: unknown): Response => {
    const { legs, ...rest } = row as Omit<Response, 'legs'> & { legs: string }
    return { ...rest, legs: JSON.parse(legs) as Legs }
  }
  return {
    /** For the consumer that writes points. */
    responsesAfter: (seq: number, limit: number): Response[] => after.all(seq, limit).map(parse),
    /** Over alarms received in [from, to), made here so that no row crosses threads; undefined: more than `limit` of them. */
    report({ from, to, mode, site, limit }: ReportQuery): ResponseReport | undefined {
      const found = between.all(from, to, mode, site ?? null, limit + 1)
      return found.length > limit ? undefined : reportOf(found.map(parse))
    },
    receipt: ({ caller, key }: { caller: string; key: string }) =>
      receipt.get(caller, key) as { request: string; answer: string } | undefined,
  }
}
