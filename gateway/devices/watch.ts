import type { Payload } from '../../schemas/events/kinds.ts'
import type { Fault } from '../../schemas/webhook.ts'
import type { Publish } from '../journal/journal.ts'
import type { Batteries } from './battery.ts'
import type { SelfTests } from './self-test.ts'
import type { SequenceGaps } from './sequence.ts'
import type { Report, Supervision } from './supervision.ts'

/** What supervision makes of each publish that was stored, and of each second. What follows comes back as data. */
export type Watched = { supervision: Supervision; batteries: Batteries; gaps: SequenceGaps; selfTests: SelfTests }

/** For each publish that is on disk and is no duplicate, rejected ones too: those came as well, and their numbers are no gap. */
export function heard({ supervision, batteries, gaps }: Watched, publish: Publish): Fault | undefined {
  const { device, receivedAt, deviceSeq, buffered } = publish
  if (deviceSeq !== undefined) {
    // A refused event may be sent again as it was: never the beginning of new numbers.
    gaps.heard(device, deviceSeq, buffered === true || 'reason' in publish, receivedAt)
  }
  if ('reason' in publish) return undefined
  if (publish.kind === 'heartbeat') {
    const { battery } = parse<'heartbeat'>(publish.payload)
    return battery === undefined ? undefined : batteries.heard(device, battery)
  }
  if (publish.kind === 'status') {
    const { status, boot } = parse<'status'>(publish.payload)
    supervision.status(device, status, boot, publish.fromWill === true, receivedAt)
  }
  return undefined
}

/** To be asked every second. */
export function tick({ supervision, gaps, selfTests }: Watched, now: number): { reports: Report[]; faults: Fault[] } {
  return { reports: supervision.tick(now), faults: [...gaps.tick(now), ...selfTests.tick(now)] }
}

/** Heartbeats and status are rare and small; `admit` has checked them. */
const parse = <K extends 'heartbeat' | 'status'>(payload: Uint8Array): Payload<K> =>
  JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8')) as Payload<K>
