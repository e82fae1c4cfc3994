import type { IPoint } from 'influx'
import type { Alarm } from '../../schemas/alarm.ts'
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
  mode: Alarm['mode']
  /** The class of its site: help within so many minutes. */
  responseMinutes: number
  /** ms */
  closedAt: number
  legs: Legs
}

/**
 * Contract 4, measurement `response`: one point per closed alarm, at its closing. A leg that was left out has no field. With
 * the site's class, so that a leg can be held against it, and the mode, so that drills are not taken for the real thing.
 */
export function toResponsePoint(closed: ClosedAlarm): IPoint {
  const { seq, alarm, site, siteKind, device, mode, responseMinutes, closedAt, legs } = closed
  const fields: Record<string, string | Integer> = {
    id: alarm,
    seq: new Integer(seq),
    count: new Integer(1),
    mode,
    responseMinutes: new Integer(responseMinutes),
  }
  for (const [name, ms] of Object.entries(legs)) if (ms !== null) fields[name] = new Integer(ms)
  return { measurement: 'response', tags: { site, siteKind, device }, fields, timestamp: nanoseconds(closedAt, seq) }
}
