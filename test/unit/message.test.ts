import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alarmMessage, faultMessage } from '../../gateway/alarms/message.ts'
import { type Alarm, type HistoryLine, stages } from '../../schemas/alarm.ts'
import { Device, Site } from '../../schemas/registry.ts'
import { messageTypes, WebhookMessage } from '../../schemas/webhook.ts'
import { newAlarm, pressedAt } from '../helpers/alarm.ts'

const limitBytes = 20_000
const id = '3f0c8a52-5f0e-4c57-9d0b-7a2f1e6f00ff'

/** Characters by what they cost in JSON's UTF-8: 1, 2 (escaped), 3, 4, and 6 bytes (escaped). */
const characters = ['a', '"', '校', '𠮷', '\u0001'] as const
const filled = (length: number, character: string) => character.repeat(length)

const siteOf = (character: string, contacts: number): Site =>
  Site.parse({
    id: filled(64, 's'),
    name: filled(128, character),
    kind: 'kindergarten',
    address: filled(256, character),
    location: { lat: 37.712_345_678_901_2, lon: 112.561_234_567_890_1, crs: 'gcj02' },
    responseMinutes: 5,
    contacts: Array.from({ length: contacts }, () => ({ name: filled(64, character), phone: filled(32, character) })),
  })
const deviceOf = (character: string): Device =>
  Device.parse({
    id: filled(64, 'd'),
    site: filled(64, 's'),
    kind: 'access-controller',
    name: filled(128, character),
    placement: filled(128, character),
    secretHash: `sha256:${filled(64, '0')}`,
  })
/** The reply of an endpoint is what writes the longest line that is not a person's. */
const lineOf = (character: string, what: HistoryLine['what'], number: number): HistoryLine => ({
  at: '2025-09-01T08:00:00.000Z',
  what,
  stage: 'acknowledged',
  by: `${filled(60, 'e')}${String(number).padStart(4, '0')}`,
  eventId: filled(64, 'i'),
  // Code units, as the schema of the reply counts them.
  incidentNo: filled(64, character).slice(0, 64),
})
const recentOf = (count: number, bytes: number): Alarm['context']['recent'] =>
  Array.from({ length: count }, (_, index) => ({
    seq: 1000 - index,
    device: filled(64, 'd'),
    kind: 'telemetry',
    at: '2025-09-01T08:00:00.000Z',
    summary: { door: filled(bytes, 'x') },
  }))

function largeAlarm(size: { character: string; contacts: number; lines: number; recent: number; recentBytes: number }) {
  const { character } = size
  const alarm = newAlarm(
    { trigger: 'forced-door' },
    {
      site: siteOf(character, size.contacts),
      device: deviceOf(character),
      recent: recentOf(size.recent, size.recentBytes),
      entry: { site: filled(64, 's'), device: filled(64, 'd'), siteKind: 'kindergarten' },
    },
  )
  const later = Array.from({ length: size.lines }, (_, index) => lineOf(character, 'acknowledged', index))
  return {
    ...alarm,
    stage: 'acknowledged' as const,
    pressCount: 360_000,
    incidentNo: filled(64, character).slice(0, 64),
    restoredAt: '2025-09-01T08:00:00.000Z',
    history: [...alarm.history, ...later],
  }
}
const toldOf = (alarm: Alarm) => {
  const { body } = alarmMessage(id, 'alarm.acknowledged', alarm, pressedAt, [])
  return { bytes: Buffer.byteLength(body), told: WebhookMessage.parse(JSON.parse(body)).data.alarm as Alarm }
}

describe('the message of an alarm', () => {
  test.each(messageTypes.filter(type => type.startsWith('alarm.')))('%s is a CloudEvent of the contract', type => {
    const message = alarmMessage(id, type, newAlarm(), pressedAt, ['centre', 'station'])
    expect(message).toMatchObject({ id, type, createdAt: pressedAt, endpoints: ['centre', 'station'] })
    expect(message.subject).toBe(newAlarm().id)
    expect(JSON.parse(message.body)).toEqual({
      specversion: '1.0',
      id,
      source: '/gatehouse',
      type,
      time: '2025-09-01T08:00:00.000Z',
      subject: newAlarm().id,
      datacontenttype: 'application/json',
      data: { alarm: newAlarm() },
    })
    expect(WebhookMessage.safeParse(JSON.parse(message.body)).success).toBe(true)
  })

  test.each(stages)('at stage %s validates as WebhookMessage', stage => {
    const alarm = { ...newAlarm(), stage, disposition: stage === 'closed' ? ('drill' as const) : null }
    expect(toldOf(alarm).told).toEqual(alarm)
  })

  test('leaves nothing out while there is room', () => {
    const alarm = largeAlarm({ character: 'a', contacts: 4, lines: 10, recent: 20, recentBytes: 100 })
    expect(toldOf(alarm).told).toEqual(alarm)
  })

  test('gives up the oldest of the context first, and nothing else for it', () => {
    const alarm = largeAlarm({ character: 'a', contacts: 4, lines: 5, recent: 20, recentBytes: 1500 })
    const { told, bytes } = toldOf(alarm)
    expect(bytes).toBeLessThan(limitBytes)
    expect(told.context.recent.map(({ seq }) => seq)).toEqual([1000, 999, 998, 997, 996])
    expect({ ...told, context: alarm.context }).toEqual(alarm)
  })

  test('then the oldest of the history but its first line, and keeps every contact', () => {
    const alarm = largeAlarm({ character: '\u0001', contacts: 16, lines: 29, recent: 20, recentBytes: 100 })
    const { told, bytes } = toldOf(alarm)
    expect(bytes).toBeLessThan(limitBytes)
    expect(told.context.recent).toEqual([])
    expect(told.history[0]).toEqual(alarm.history[0])
    expect(told.history.at(-1)).toEqual(alarm.history.at(-1))
    expect(told.site).toEqual(alarm.site)
  })

  test('stays under 20 kB whatever the registry, the history and the context hold', () => {
    const size = fc.record({
      character: fc.constantFrom(...characters),
      contacts: fc.nat(16),
      lines: fc.nat(29),
      recent: fc.nat(20),
      recentBytes: fc.nat(2000),
    })
    fc.assert(
      fc.property(size, one => {
        const alarm = largeAlarm(one)
        const { bytes, told } = toldOf(alarm)
        expect(bytes).toBeLessThan(limitBytes)
        expect(told.history[0]).toEqual(alarm.history[0])
        expect(told.history.at(-1)).toEqual(alarm.history.at(-1))
        expect({ ...told, history: [], context: null }).toEqual({ ...alarm, history: [], context: null })
      }),
    )
  })
})

test('the message of a fault is a CloudEvent about its subject', () => {
  const fault = { code: 'endpoint-refuses', subject: 'station', message: 'endpoint station answers 401' }
  const message = faultMessage(id, fault, pressedAt, ['centre'])
  expect(message).toMatchObject({ id, type: 'gateway.fault', subject: 'station', endpoints: ['centre'] })
  expect(WebhookMessage.parse(JSON.parse(message.body))).toMatchObject({ id, subject: 'station', data: { fault } })
})
