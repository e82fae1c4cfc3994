import type { ConsumerSource, Entry, Quarantined } from '../../gateway/journal/journal.ts'
import type { Kind } from '../../schemas/events/kinds.ts'

/** An accepted entry of `kind`, with `data` (heartbeat, status: the whole payload) and whatever else is wanted. */
export function entry(seq: number, kind: Kind, data: object, more: Partial<Entry> = {}): Entry {
  const id = kind === 'heartbeat' || kind === 'status' ? null : `e-${seq}`
  const receivedAt = 1_790_000_000_000
  const time = new Date(receivedAt).toISOString()
  return {
    seq,
    kind,
    id,
    site: 'school-01',
    siteKind: 'school',
    device: 'school-01-device-01',
    receivedAt,
    at: receivedAt,
    skewMs: null,
    payload: JSON.stringify(id === null ? data : { id, time, data }),
    ...more,
  }
}

export const face = (seq: number, more: Partial<Entry> = {}) =>
  entry(seq, 'face', { camera: 'gate', match: 'known', score: 0.93, person: { ref: 'S-0042', role: 'student' } }, more)
export const faces = (count: number, from = 1) => Array.from({ length: count }, (_, n) => face(from + n))

/** A journal in memory: an array and a cursor that outlive the consumers that read them. */
export function memorySource(entries: Entry[]) {
  let cursor = 0
  const passed: number[] = []
  const quarantined: Quarantined[] = []
  const source: ConsumerSource = {
    cursor: async () => cursor,
    read: async (after, limit) => entries.filter(({ seq }) => seq > after).slice(0, limit),
    commit: async progress => {
      if (progress.upTo <= cursor) throw new Error(`the cursor went from ${cursor} to ${progress.upTo}`)
      cursor = progress.upTo
      passed.push(progress.passed)
      quarantined.push(...progress.quarantined)
    },
  }
  return {
    source,
    entries,
    cursor: () => cursor,
    passed: () => passed.reduce((sum, count) => sum + count, 0),
    quarantined,
  }
}
