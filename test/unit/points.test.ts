import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Integer, metricField, tagValue, toPoint } from '../../gateway/influx/points.ts'
import { createPseudonym } from '../../gateway/journal/pseudonym.ts'
import { entry } from '../helpers/influx-entries.ts'

/** Contract 4, kind by kind. */
const pseudonym = createPseudonym(Buffer.from('a key for tests'))
const masking = { version: 3, pseudonym }
const keyVersion = new Integer(3)
const point = (...args: Parameters<typeof entry>) => {
  const made = toPoint(entry(...args), masking)
  if (made === null) throw new Error('no point')
  return { ...made, fields: made.fields as Record<string, unknown> }
}
const integers = (seq: number) => ({ seq: new Integer(seq), count: new Integer(1), lagMs: new Integer(0) })
const own = { site: 'school-01', siteKind: 'school', device: 'school-01-device-01' }

describe('each kind has its tags and fields', () => {
  test('access', () => {
    const data = {
      door: '东门',
      direction: 'in',
      method: 'card',
      result: 'denied',
      reason: 'expired',
      person: { ref: '张三', role: 'staff' },
    }
    expect(point(7, 'access', data)).toEqual({
      measurement: 'access',
      tags: { ...own, door: '东门', direction: 'in', method: 'card', result: 'denied' },
      fields: { ...integers(7), id: 'e-7', personKey: pseudonym('张三'), keyVersion, personRole: 'staff' },
      timestamp: '1790000000000000007',
    })
  })

  test('face', () => {
    const { tags, fields } = point(1, 'face', {
      camera: 'c',
      match: 'listed',
      list: 'blue',
      score: 1,
      image: 'http://x',
    })
    expect(tags).toEqual({ ...own, match: 'listed' })
    expect(fields).toEqual({ ...integers(1), id: 'e-1', listKey: pseudonym('blue'), keyVersion, score: 1 })
  })

  test('vehicle', () => {
    const { tags, fields } = point(1, 'vehicle', {
      lane: '1',
      direction: 'out',
      plate: '晋A12345',
      plateColor: 'blue',
      vehicleType: 'van',
      speedKmh: 31.5,
      confidence: 0.9,
    })
    expect(tags).toEqual({ ...own, direction: 'out', plateColor: 'blue' })
    expect(fields).toEqual({
      ...integers(1),
      id: 'e-1',
      plateKey: pseudonym('晋A12345'),
      keyVersion,
      speedKmh: 31.5,
      confidence: 0.9,
    })
  })

  test('vehicle without plate and colour', () => {
    const { tags, fields } = point(1, 'vehicle', { lane: '1', direction: 'unknown', plate: null })
    expect(tags).toEqual({ ...own, direction: 'unknown' })
    expect(fields).toEqual({ ...integers(1), id: 'e-1' })
  })

  test('alarm', () => {
    const { tags, fields } = point(1, 'alarm', { trigger: 'panic', state: 'raised', mode: 'actual', note: 'in room 3' })
    expect(tags).toEqual({ ...own, trigger: 'panic', state: 'raised', mode: 'actual' })
    expect(fields).toEqual({ ...integers(1), id: 'e-1' })
  })

  test('telemetry', () => {
    const { tags, fields } = point(1, 'telemetry', { metrics: { temperature: 21.5, id: 4 } })
    expect(tags).toEqual(own)
    expect(fields).toEqual({ ...integers(1), id: 'e-1', temperature: 21.5, metric_id: 4 })
  })

  test('heartbeat has no id', () => {
    const { tags, fields } = point(1, 'heartbeat', { uptimeS: 9, battery: 88, rssi: -60, firmware: '1.2' })
    expect(tags).toEqual(own)
    expect(fields).toEqual({ ...integers(1), uptimeS: 9, battery: 88, rssi: -60, timeSource: 'gateway' })
  })

  test('status has no measurement', () => {
    expect(toPoint(entry(1, 'status', { status: 'online', boot: 1 }), masking)).toBeNull()
  })
})

test('a time that is absent or not believed is marked', () => {
  const late = { receivedAt: 5000, at: 4000 }
  expect(point(1, 'telemetry', { metrics: { a: 1 } }, late).fields.lagMs).toEqual(new Integer(1000))
  const payload = JSON.stringify({ id: 'x', data: { metrics: { a: 1 } } })
  expect(point(1, 'telemetry', {}, { payload }).fields.timeSource).toBe('gateway')
  expect(point(1, 'telemetry', { metrics: { a: 1 } }).fields.timeSource).toBeUndefined()
  expect(point(1, 'telemetry', { metrics: { a: 1 } }, { skewMs: -9 }).fields.clockSkewMs).toEqual(new Integer(-9))
})

test('no person, plate or list name is in a point', () => {
  const secrets = ['S-0042', '晋A12345', 'wanted']
  const person = { ref: 'S-0042', role: 'student' }
  const all = [
    point(1, 'access', { door: 'd', direction: 'in', method: 'card', result: 'granted', person }),
    point(2, 'face', { camera: 'c', match: 'listed', list: 'wanted', person }),
    point(3, 'vehicle', { lane: 'l', direction: 'in', plate: '晋A12345' }),
  ]
  for (const secret of secrets) expect(JSON.stringify(all)).not.toContain(secret)
})

test('entries of one device in one millisecond have times of their own', () => {
  const time = (seq: number, at: number) =>
    BigInt(point(seq, 'telemetry', { metrics: { a: 1 } }, { at }).timestamp as string)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 42 }), fc.nat(2 ** 50), (at, seq) => {
      expect(time(seq, at) / 1_000_000n).toBe(BigInt(at))
      expect(time(seq, at)).not.toBe(time(seq + 1, at))
    }),
  )
})

test('metric names stay distinct and keep off the fields and tags of every point', () => {
  const reserved = ['id', 'seq', 'count', 'lagMs', 'clockSkewMs', 'timeSource', 'time', 'site', 'siteKind', 'device']
  const name = fc.oneof(
    fc.constantFrom(
      ...reserved,
      ...reserved.map(one => `metric_${one}`),
      ...reserved.map(one => `metric_metric_${one}`),
    ),
    fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,31}$/),
  )
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(reserved).not.toContain(metricField(a))
      expect(metricField(a) === metricField(b)).toBe(a === b)
    }),
  )
})

test('tag values hold nothing that the line protocol cannot carry', () => {
  expect(tagValue('a\\b\\')).toBe('a＼b＼')
  expect(tagValue('a\nb\tc')).toBe('a_b_c')
  expect(tagValue('"门", a=b')).toBe('"门", a=b')
})

test('a payload that is not JSON is told without showing it', () => {
  expect(() => toPoint(entry(1, 'face', {}, { payload: '{"ref":"S-0042"' }), masking)).toThrow(
    /^the payload in the journal is not JSON$/,
  )
})
