import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admit } from '../../gateway/mqtt/admit.ts'
import { passage } from '../helpers/device.ts'
import { invalidPayloads } from '../helpers/invalid-payloads.ts'
import { validPayloads } from '../helpers/valid-payloads.ts'

const receivedAt = Date.parse('2026-11-24T00:15:00.000Z')
const minuteMs = 60_000
const retentionMs = 30 * 24 * 60 * minuteMs
const judge = (leaf: string, payload: string | Uint8Array) => admit(leaf, Buffer.from(payload), receivedAt, retentionMs)
const at = (ms: number) =>
  judge('event/access', JSON.stringify({ ...passage('e-1'), time: new Date(receivedAt + ms).toISOString() }))

describe('the time an event counts under', () => {
  test.each([
    ['now', 0],
    ['5 minutes ahead, the most that is believed', 5 * minuteMs],
    ['as old as the retention, the most that is believed', -retentionMs],
    ['an hour ago', -60 * minuteMs],
  ])("is the device's: %s", (_, ms) => {
    expect(at(ms)).toEqual({ kind: 'access', id: 'e-1', at: receivedAt + ms, skewMs: null })
  })

  test.each([
    ['a millisecond more than 5 minutes ahead', 5 * minuteMs + 1],
    ['a millisecond older than the retention', -retentionMs - 1],
    ['ten years ahead', 10 * 365 * 24 * 60 * minuteMs],
    ['1970, as of a clock without a battery', -receivedAt],
  ])("is the gateway's, with the skew: %s", (_, skewMs) => {
    expect(at(skewMs)).toEqual({ kind: 'access', id: 'e-1', at: receivedAt, skewMs })
  })

  test("is the gateway's, without a skew, where the device says none", () => {
    expect(judge('event/access', JSON.stringify(passage('e-1')))).toMatchObject({ at: receivedAt, skewMs: null })
  })

  test('of a heartbeat is its own too; of status it is always the gateway’s', () => {
    expect(judge('heartbeat', '{"time":"2026-11-24T08:14:00+08:00"}')).toEqual({
      kind: 'heartbeat',
      id: null,
      at: receivedAt - minuteMs,
      skewMs: null,
    })
    expect(judge('status', '{"status":"online","boot":3,"time":"2001-01-01T00:00:00Z"}')).toEqual({
      kind: 'status',
      id: null,
      at: receivedAt,
      skewMs: null,
    })
  })
})

test('a rejection holds the id where it could be read, so that the device knows which publish it was', () => {
  const withId = (id: unknown) => judge('event/alarm', JSON.stringify({ id, data: {} }))
  expect(withId('a-1')).toMatchObject({ id: 'a-1' })
  for (const id of ['', 'a b', 'x'.repeat(65), 7, null, { id: 'a' }]) expect(withId(id)).toMatchObject({ id: null })
  expect(judge('event/alarm', '{"id":"a-1"')).toMatchObject({ id: null })
})

describe('whatever the bytes', () => {
  const leaves = [
    'event/access',
    'event/face',
    'event/vehicle',
    'event/alarm',
    'event/telemetry',
    'heartbeat',
    'status',
  ]
  const leaf = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...leaves) }, fc.string())
  const samples = [...validPayloads, ...invalidPayloads].map(([, , payload]) => Buffer.from(payload))
  /** A known payload with some bytes overwritten, cut or doubled: what a bad line or buffer makes of it. */
  const damaged = fc
    .tuple(
      fc.constantFrom(...samples.filter(({ length }) => length > 0 && length < 4096)),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      fc.nat(),
      fc.boolean(),
    )
    .map(([sample, changes, cut, isCut]) => {
      const bytes = Buffer.from(sample)
      for (const [place, value] of changes) bytes[place % bytes.length] = value
      return isCut ? bytes.subarray(0, cut % bytes.length) : bytes
    })
  const event = fc.record(
    { id: fc.oneof(fc.string(), fc.integer()), time: fc.string(), seq: fc.double(), data: fc.jsonValue() },
    { requiredKeys: [] },
  )
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 512 }),
    fc.json().map(text => Buffer.from(text)),
    event.map(value => Buffer.from(JSON.stringify(value))),
    damaged,
  )

  test('it answers and never throws: an accepted event with all that the journal needs, or a reason of at most 400 characters', () => {
    fc.assert(
      fc.property(leaf, payload, (topicLeaf, bytes) => {
        const verdict = admit(topicLeaf, Buffer.from(bytes), receivedAt, retentionMs)
        if ('reason' in verdict) {
          expect(verdict.reason.length).toBeGreaterThan(5)
          expect(verdict.reason.length).toBeLessThanOrEqual(400)
          return
        }
        expect(leaves).toContain(topicLeaf)
        expect(Number.isSafeInteger(verdict.at)).toBe(true)
        expect(verdict.id === null).toBe(!topicLeaf.startsWith('event/'))
        // What is accepted is one JSON object: its consumers parse it again.
        expect(JSON.parse(Buffer.from(bytes).toString())).toBeTypeOf('object')
      }),
      { numRuns: 2000, seed: 20_261_124 },
    )
  })

  test('a reason never repeats a marked text of the payload, wherever it stands', () => {
    const mark = 'MARKED7731'
    const marked = fc.oneof(
      fc.json({ stringUnit: fc.constantFrom(mark, 'a', '"', '\\') }).map(text => Buffer.from(text)),
      fc.tuple(fc.constantFrom(...samples.filter(({ length }) => length < 4096)), fc.nat()).map(([sample, place]) => {
        const cut = place % (sample.length + 1)
        return Buffer.concat([sample.subarray(0, cut), Buffer.from(mark), sample.subarray(cut)])
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...leaves), marked, (topicLeaf, bytes) => {
        const verdict = admit(topicLeaf, bytes, receivedAt, retentionMs)
        if ('reason' in verdict) expect(verdict.reason).not.toContain(mark)
      }),
      { numRuns: 2000, seed: 7731 },
    )
  })
})
