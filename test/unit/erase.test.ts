import { describe, expect, test } from 'vitest'
import { eraseFrom } from '../../gateway/journal/erase.ts'
import { createMention, isMentionedIn } from '../../gateway/journal/mention.ts'
import { type Kind, payloadSchemas } from '../../schemas/events/kinds.ts'

const ref = { ref: 'r-1' }
const plate = { plate: '晋A12345' }
const erase = (kind: Kind, payload: object | string, subject: { ref: string } | { plate: string } = ref) => {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const erased = eraseFrom(kind, text, subject, createMention(subject))
  return erased && { ...erased, payload: JSON.parse(erased.payload) }
}
const door = { door: '东门', direction: 'in', method: 'card', result: 'denied' }

describe('a mention', () => {
  test.each([
    ['r-1', true],
    ['saw r-1, again', true],
    ['人r-1进', true],
    ['r-10', false],
    ['ar-1', false],
    ['r-1-2', false],
    ['R-1', false],
  ])('of r-1 in "%s": %s', (text, is) => {
    expect(createMention(ref)(text)).toBe(is)
  })

  test('of a plate, between Chinese characters too', () => {
    expect(createMention(plate)('车牌晋A12345进')).toBe(true)
    expect(createMention(plate)('晋A123456')).toBe(false)
  })

  test('of a reference that is made of signs is found as it is, not as a pattern', () => {
    expect(createMention({ ref: '.*' })('abc')).toBe(false)
    expect(createMention({ ref: 'a.c' })('abc')).toBe(false)
    expect(createMention({ ref: '[x](y)|z\\-{2}^$+?/' })('<[x](y)|z\\-{2}^$+?/>')).toBe(true)
  })

  test('however it was written: escaped, as a name of a field, as a number, in what is no JSON', () => {
    const mention = createMention(plate)
    expect(isMentionedIn('{"p":"\\u664bA12345"}', mention)).toBe(true)
    expect(isMentionedIn('{"晋A12345":1}', mention)).toBe(true)
    expect(isMentionedIn('[[{"a":["晋A12345"]}]]', mention)).toBe(true)
    expect(isMentionedIn('{"p":"\\u664bA12345', mention)).toBe(true)
    expect(isMentionedIn('{"n":4711}', createMention({ ref: '4711' }))).toBe(true)
    expect(isMentionedIn('{"n":47110}', createMention({ ref: '4711' }))).toBe(false)
  })
})

describe('an event that is erased', () => {
  test('says "erased" for the person, and has neither free texts nor fields that nobody knows', () => {
    const person = { ref: 'r-1', role: 'student', name: '张三' }
    expect(erase('access', { id: 'e1', seq: 4, who: '张三', data: { ...door, reason: '张三 again', person } })).toEqual(
      {
        payload: { id: 'e1', seq: 4, data: { ...door, person: { ref: 'erased', role: 'student' } } },
        isLeft: false,
      },
    )
  })

  test('says "erased" for a plate, however it was escaped', () => {
    const text = '{"id":"v1","data":{"lane":"1","direction":"in","plate":"\\u664bA12345","speedKmh":30}}'
    expect(erase('vehicle', text, plate)).toEqual({
      payload: { id: 'v1', data: { lane: '1', direction: 'in', plate: 'erased', speedKmh: 30 } },
      isLeft: false,
    })
  })

  test('of somebody else that only mentions it keeps that one, and loses the free text', () => {
    const person = { ref: 'r-10', role: 'staff' }
    expect(erase('access', { id: 'e1', data: { ...door, reason: 'came with r-1', person } })?.payload.data).toEqual({
      ...door,
      person,
    })
    expect(erase('access', { id: 'e1', data: { ...door, reason: 'came late', person } })).toBeUndefined()
  })

  test('has no note and no picture, and no name of a list that is the person', () => {
    const face = {
      camera: 'c',
      match: 'listed',
      list: 'r-1',
      person: { ref: 'r-1', role: 'unknown' },
      image: 'http://x/r-1',
    }
    expect(erase('face', { id: 'f', data: face })?.payload.data).toEqual({
      camera: 'c',
      match: 'listed',
      list: 'erased',
      person: { ref: 'erased', role: 'unknown' },
    })
    const alarm = { trigger: 'panic', state: 'raised', mode: 'actual' }
    expect(erase('alarm', { id: 'a', data: { ...alarm, note: 'r-1 pressed' } })?.payload.data).toEqual(alarm)
  })

  test('keeps its id, its door and what telemetry and heartbeats say, and tells that they name it still', () => {
    expect(erase('access', { id: 'r-1', data: door })).toEqual({ payload: { id: 'r-1', data: door }, isLeft: true })
    expect(erase('heartbeat', { firmware: 'x', owner: 'r-1' })).toEqual({ payload: { firmware: 'x' }, isLeft: false })
  })

  test('is valid by its schema, so that it can be written to InfluxDB again', () => {
    const person = { ref: 'r-1', role: 'student' }
    const erased = erase('access', { id: 'e1', time: '2026-11-24T08:15:00+08:00', data: { ...door, person } })
    expect(() => payloadSchemas.access.parse(erased?.payload)).not.toThrow()
    expect(erased?.payload.time).toBe('2026-11-24T08:15:00+08:00')
  })
})
