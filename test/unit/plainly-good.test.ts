import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainlyGood } from '../../gateway/mqtt/plainly-good.ts'
import { type EventKind, eventKinds, payloadSchemas } from '../../schemas/events/kinds.ts'
import { parseTime, Time, usualTime } from '../../schemas/time.ts'
import { passage } from '../helpers/device.ts'

/** Good values and near misses of every field there is, whatever the kind. */
const near = {
  id: ['e-1', 'AZaz09._:-', 'x'.repeat(64), 'x'.repeat(65), '', 'a b', 'ä', 7, null, 'e-1\n'],
  time: [
    '2026-11-24T08:15:00+08:00',
    '2026-11-24T08:15:00.250Z',
    '2026-02-29T00:00:00Z',
    '2026-11-24 08:15',
    '',
    5,
    null,
  ],
  seq: [0, 7, -1, 1.5, 2 ** 53, '7', null, Number.NaN],
  buffered: [true, false, 'true', 1, null],
  text: [
    '',
    'a',
    'x'.repeat(16),
    'x'.repeat(17),
    'x'.repeat(64),
    'x'.repeat(65),
    'x'.repeat(128),
    'x'.repeat(257),
    '𠮷'.repeat(64),
    'a\u0000',
    '\u007f',
    'a\nb',
    7,
    null,
    ['a'],
    {},
  ],
  number: [0, 0.5, 1, 1.01, -0.1, 400, 401, -0, 1e308, Number.NaN, Number.POSITIVE_INFINITY, '1', null],
  word: [
    'in',
    'out',
    'unknown',
    'card',
    'key',
    'granted',
    'denied',
    'known',
    'listed',
    'blue',
    'other',
    'panic',
    'fault',
    'raised',
    'restored',
    'actual',
    'test',
    'In',
    '',
    'toString',
    1,
    null,
  ],
  image: ['http://a/b', 'ftp://a', 7],
  role: ['resident', 'unknown', 'Resident', '', null, 3],
}
const from = (values: readonly unknown[]) => fc.constantFrom(...values)
/** A field that may be absent, and mostly is what it should be. */
const field = (good: readonly unknown[], all: readonly unknown[]) =>
  fc.oneof(
    { weight: 6, arbitrary: from(good) },
    { weight: 1, arbitrary: from(all) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  )
const person = fc.oneof(
  fc.record({ ref: field(['r-1'], near.text), role: field(['resident'], near.role) }),
  from([null, [], 'x', {}]),
)
const optionalPerson = fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 3, arbitrary: person })
const dataOf: Record<EventKind, fc.Arbitrary<unknown>> = {
  access: fc.record({
    door: field(['East'], near.text),
    direction: field(['in'], near.word),
    method: field(['card'], near.word),
    result: field(['granted'], near.word),
    reason: field(['late'], near.text),
    person: optionalPerson,
  }),
  face: fc.record({
    camera: field(['c1'], near.text),
    match: field(['known'], near.word),
    list: field(['l'], near.text),
    score: field([0.5], near.number),
    person: optionalPerson,
    image: field([undefined], near.image),
  }),
  vehicle: fc.record({
    lane: field(['1'], near.text),
    direction: field(['in'], near.word),
    plate: field(['A12345', null], near.text),
    plateColor: field(['blue'], near.word),
    vehicleType: field(['car'], near.text),
    speedKmh: field([30], near.number),
    confidence: field([1], near.number),
    image: field([undefined], near.image),
  }),
  alarm: fc.record({
    trigger: field(['panic'], near.word),
    state: field(['raised'], near.word),
    mode: field(['actual'], near.word),
    note: field(['n'], near.text),
  }),
  telemetry: fc.record({
    metrics: fc.oneof(
      fc.dictionary(
        fc.constantFrom('a', 'lux', 'aB_9', 'A', '9a', '', 'x'.repeat(33), '__proto__'),
        field([1], near.number),
        { maxKeys: 4 },
      ),
      fc.constant(Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`m${at}`, at]))),
      from([null, [], [1], 'x']),
    ),
  }),
}
const eventOf = (kind: EventKind) =>
  fc.record({
    id: field(['e-1'], near.id),
    time: field(['2026-11-24T08:15:00+08:00'], near.time),
    seq: field([7], near.seq),
    buffered: field([true], near.buffered),
    data: fc.oneof({ weight: 9, arbitrary: dataOf[kind] }, { weight: 1, arbitrary: from([null, [], 'x', 7]) }),
    more: from([undefined, 1]),
  })

/** As it comes off the wire: without what is undefined, NaN or infinite. */
const sent = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>

test.each(eventKinds)('%s: what is plainly good is good by the schema, and says the same', kind => {
  let good = 0
  fc.assert(
    fc.property(eventOf(kind), made => {
      const value = sent(made)
      if (!plainlyGood(kind, value)) return
      good++
      const checked = payloadSchemas[kind].safeParse(value)
      expect(checked.error?.issues).toBeUndefined()
      const { id, time, seq, buffered } = checked.data as Record<string, unknown>
      expect({ id, time, seq, buffered }).toEqual({
        id: value.id,
        time: value.time,
        seq: value.seq,
        buffered: value.buffered,
      })
    }),
    { numRuns: 4000, seed: 20261124 },
  )
  // It is really tried.
  expect(good).toBeGreaterThan(50)
})

test('what devices send is plainly good', () => {
  expect(plainlyGood('access', sent({ ...passage('e-1'), time: '2026-11-24T08:15:00.250+08:00', seq: 3 }))).toBe(true)
  expect(plainlyGood('heartbeat', {})).toBe(false)
})

test('a usual time is the same by the pattern', () => {
  const edge = ['0', '1', '2', '3', '5', '9', ':', '-', '+', 'T', 'Z', '.', ' ', 't']
  fc.assert(
    fc.property(
      fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
      fc.constantFrom('Z', '+08:00', '-03:30', '+23:59', '+24:00', '+8:00', '+08:60', ''),
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(28), fc.constantFrom(...edge)), { maxLength: 2 }),
      (date, zone, withMs, slips) => {
        const text = `${date.toISOString().slice(0, withMs ? 23 : 19)}${zone}`.split('')
        for (const [at, character] of slips) if (at < text.length) text[at] = character
        const usual = usualTime(text.join(''))
        if (usual === undefined) return
        expect(Time.safeParse(text.join('')).success).toBe(true)
        expect(usual).toBe(Date.parse(text.join('').toUpperCase()))
        expect(usual).toBe(parseTime(text.join('')))
      },
    ),
    { numRuns: 20_000, seed: 20261124 },
  )
  expect(usualTime('2026-11-24T08:15:00.250+08:00')).toBe(Date.parse('2026-11-24T00:15:00.250Z'))
  expect(usualTime('2026-11-24T08:15:00+08:00')).toBe(Date.parse('2026-11-24T00:15:00Z'))
})
