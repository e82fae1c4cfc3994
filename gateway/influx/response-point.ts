import type { IPoint } from 'influx'
import type { SiteKind } from '../../schemas/registry.ts'
import type { Legs } from '../alarms/response.ts'
import { Integer, nanoseconds } from './points.ts'

/** What of a closed alarm becomes a point. `seq` is its number among the closed ones, not the journal's. */
export type ClosedAlarm = {
  seq: number
  alarm: string
  site: string
  siteKind: SiteKind
  device: string
  /** ms */
  closedAt: number
  legs: Legs
}

/** Contract 4, measurement `response`: one point per closed alarm, at its closing. A leg that was left out has no field. */
export function toResponsePoint({ seq, alarm, site, siteKind, device, closedAt, legs }: ClosedAlarm): IPoint {
  const fields: Record<string, string | Integer> = { id: alarm, seq: new Integer(seq), count: new Integer(1) }
  for (const [name, ms] of Object.entries(legs)) if (ms !== null) fields[name] = new Integer(ms)
  return { measurement: 'response', tags: { site, siteKind, device }, fields, timestamp: nanoseconds(closedAt, seq) }
}
