import type { DatabaseSync } from 'node:sqlite'
import type { Alarm } from '../../schemas/alarm.ts'
import type { SiteKind } from '../../schemas/registry.ts'
import type { Legs } from '../alarms/response.ts'

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

const columns = `seq, alarm, site, site_kind AS siteKind, device, mode, response_minutes AS responseMinutes,
  received_ms AS receivedAt, closed_ms AS closedAt, legs`

export function responseReader(db: DatabaseSync) {
  const after = db.prepare(`SELECT ${columns} FROM response WHERE seq > ? ORDER BY seq LIMIT ?`)
  const between = db.prepare(
    `SELECT ${columns} FROM response WHERE received_ms >= ? AND received_ms < ? AND (?3 IS NULL OR site = ?3) ORDER BY received_ms LIMIT ?4`,
  )
  const receipt = db.prepare('SELECT request, answer FROM receipt WHERE caller = ? AND key = ?')
  const parse = (row: unknown): Response => {
    const { legs, ...rest } = row as Omit<Response, 'legs'> & { legs: string }
    return { ...rest, legs: JSON.parse(legs) as Legs }
  }
  return {
    /** For the consumer that writes points. */
    responsesAfter: (seq: number, limit: number): Response[] => after.all(seq, limit).map(parse),
    /** Of alarms received in [from, to), at most `limit`. */
    responses: (query: { from: number; to: number; site?: string | undefined; limit: number }): Response[] =>
      between.all(query.from, query.to, query.site ?? null, query.limit).map(parse),
    receipt: ({ caller, key }: { caller: string; key: string }) =>
      receipt.get(caller, key) as { request: string; answer: string } | undefined,
  }
}
