import { describe, expect, test } from 'vitest'
import { fromCursor, toCursor } from '../../gateway/api/cursor.ts'
import { Alarm } from '../../schemas/alarm.ts'
import {
  AlarmsPage,
  DeliveriesPage,
  DevicesPage,
  EventsPage,
  type EventView,
  RejectionsPage,
  SitesPage,
  Stats,
} from '../../schemas/api.ts'
import { alarms, at, entries, entry, pseudonym, secrets, startApi, stats } from './api-world.ts'

test('sites show how many devices and open alarms they have, and no contacts', async () => {
  const { get } = await startApi()
  const { json, text } = await get('sites')
  const { items, cursor } = SitesPage.parse(json)
  expect(items.map(({ id, devices, openAlarms }) => [id, devices, openAlarms])).toEqual([
    ['school-01', 2, 1],
    ['compound-01', 1, 1],
  ])
  expect(cursor).toBeNull()
  expect(items[1]!.location).toEqual({ lat: 37.7, lon: 112.5, crs: 'wgs84' })
  expect(text).not.toContain('13800000000')
})

test('devices show whether they are there, and no secret', async () => {
  const { get } = await startApi()
  const { json, text } = await get('devices?site=school-01')
  const { items } = DevicesPage.parse(json)
  expect(items.map(({ id, name, connected, lastSeenAt }) => [id, name, connected, lastSeenAt])).toEqual([
    ['school-01-gate-01', 'school-01-gate-01', true, '2026-11-24T00:15:00.250Z'],
    ['school-01-button-01', '门卫室按钮', false, null],
  ])
  expect(text).not.toContain('secret')
  expect((await get('devices')).json.items).toHaveLength(3)
})

describe('events', () => {
  const one = async (kind: string, at = 0): Promise<EventView> => {
    const { get } = await startApi()
    return EventsPage.parse((await get(`events?kind=${kind}`)).json).items[at]!
  }

  test('show nothing of whom or what they are about but keyed pseudonyms', async () => {
    const { get } = await startApi()
    const { text, json } = await get('events')
    expect(EventsPage.parse(json).items).toHaveLength(entries.length)
    const journal = entries.map(({ payload }) => payload).join()
    for (const secret of secrets) {
      expect(journal, 'the entries hold it').toContain(secret)
      expect(text).not.toContain(secret)
    }
  })

  test('keep what a reader may know', async () => {
    const key = pseudonym('person-4711')
    expect(key).toMatch(/^[0-9a-f]{16}$/)
    expect((await one('access')).data).toEqual({
      door: 'north',
      direction: 'in',
      method: 'card',
      result: 'denied',
      personKey: key,
      personRole: 'student',
    })
    expect((await one('face')).data).toEqual({
      camera: 'gate',
      match: 'listed',
      listKey: pseudonym('wanted-list-9'),
      score: 0.9,
      personKey: key,
      personRole: 'student',
    })
    expect((await one('vehicle', 0)).data).toEqual({ lane: 'in-1', direction: 'in', plateKey: null })
    expect((await one('vehicle', 1)).data).toEqual({ lane: 'in-1', direction: 'in', plateKey: pseudonym('晋A12345') })
    expect((await one('alarm')).data).toEqual({ trigger: 'panic', state: 'raised', mode: 'actual' })
    expect((await one('telemetry')).data).toEqual({ metrics: { lux: 3.5 } })
    expect((await one('heartbeat')).data).toEqual({ battery: 80 })
    expect((await one('status')).data).toEqual({ status: 'online', boot: 3 })
  })

  test("say whether the time is the device's", async () => {
    expect(await one('access')).toMatchObject({ timeSource: 'device', clockSkewMs: null })
    expect(await one('face')).toMatchObject({ timeSource: 'gateway', clockSkewMs: null })
    expect(await one('telemetry')).toMatchObject({ timeSource: 'gateway', clockSkewMs: 98_000_000 })
    expect(await one('status')).toMatchObject({ timeSource: 'gateway', id: null })
  })

  test('are chosen by site, device and time, from inclusive and to exclusive', async () => {
    const { get } = await startApi()
    const seqs = async (query: string) => (await get(`events?${query}`)).json.items.map(({ seq }: EventView) => seq)
    expect(await seqs('site=compound-01')).toEqual([7])
    expect(await seqs('device=compound-01-sensor-01')).toEqual([7])
    const time = (offset: number) => encodeURIComponent(new Date(at + offset).toISOString())
    expect(await seqs(`from=${time(2)}&to=${time(4)}`)).toEqual([3, 2])
    expect(await seqs('from=2026-11-24T08:15:00.257%2B08:00')).toEqual([8, 7])
    expect(await seqs('from=2026-11-24T08:15:00.257+08:00'), 'a + that was not escaped').toEqual([8, 7])
  })

  test('come in pages that together are the whole', async () => {
    const { get } = await startApi()
    const seen: number[] = []
    let cursor: string | null = ''
    for (let pages = 0; cursor !== null && pages < 10; pages++) {
      const page = EventsPage.parse((await get(`events?limit=3${cursor && `&cursor=${cursor}`}`)).json)
      expect(page.items.length).toBeLessThanOrEqual(3)
      seen.push(...page.items.map(({ seq }) => seq))
      cursor = page.cursor
    }
    expect(seen).toEqual(entries.map(({ seq }) => seq))
  })

  test('that this version can not read are shown without data, and the others with it', async () => {
    const odd = { ...entry('access', { data: { door: 'person-4711' } }), seq: 77 }
    const page = [odd, entries.at(-1)!]
    const { get, logged } = await startApi({ events: { events: async () => ({ entries: page, next: null }) } })
    const { items } = EventsPage.parse((await get('events')).json)
    expect(items.map(({ data }) => data?.door)).toEqual([undefined, 'north'])
    expect(items[0]!.data).toBeNull()
    const warning = logged.find(({ message }) => message === 'event.unreadable')
    expect(warning?.line).toMatchObject({ seq: 77, kind: 'access' })
    expect(JSON.stringify(warning)).not.toContain('person-4711')
  })
})

test('alarms are listed by stage and site, and found by id', async () => {
  const { get } = await startApi()
  const ids = async (query: string) => AlarmsPage.parse((await get(`alarms${query}`)).json).items.map(({ id }) => id)
  expect(await ids('')).toEqual(['a-3', 'a-2', 'a-1'])
  expect(await ids('?stage=closed')).toEqual(['a-1'])
  expect(await ids('?site=compound-01')).toEqual(['a-2'])
  expect(Alarm.parse((await get('alarms/a-2')).json)).toEqual(alarms[1])
})

test('alarms come in pages', async () => {
  const { get } = await startApi()
  const first = AlarmsPage.parse((await get('alarms?limit=2')).json)
  const second = AlarmsPage.parse((await get(`alarms?limit=2&cursor=${first.cursor}`)).json)
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(['a-3', 'a-2', 'a-1'])
  expect(second.cursor).toBeNull()
})

test('deliveries are listed by state', async () => {
  const { get } = await startApi()
  expect(DeliveriesPage.parse((await get('deliveries')).json).items.map(({ id }) => id)).toEqual([2, 1])
  const { items } = DeliveriesPage.parse((await get('deliveries?state=pending')).json)
  expect(items.map(({ id, lastStatus }) => [id, lastStatus])).toEqual([[2, 503]])
})

test('rejections show their reason', async () => {
  const { get } = await startApi()
  const { items } = RejectionsPage.parse((await get('rejections?device=school-01-gate-01')).json)
  expect(items.map(({ reason }) => reason)).toEqual(['data.door is missing'])
  expect((await get('rejections?site=compound-01')).json.items).toEqual([])
})

test('stats hold the conservation check', async () => {
  const { get } = await startApi()
  expect(Stats.parse((await get('stats')).json)).toEqual(stats)
})

test('a field that the schema does not know never leaves', async () => {
  const { get } = await startApi({
    stats: { stats: async () => ({ ...stats, internal: 'person-4711' }) },
  })
  expect((await get('stats')).text).not.toContain('person-4711')
})

describe('a cursor', () => {
  test('is taken back by its own list only', () => {
    const cursor = toCursor('events', 4711)!
    expect(cursor).not.toContain('4711')
    expect(fromCursor('events', cursor)).toBe(4711)
    expect(fromCursor('alarms', cursor)).toBeUndefined()
  })

  test.each(['', 'x', '4711', 'events:1', Buffer.from('events:1e3').toString('base64url'), 'ZXZlbnRzOi0x'])(
    'like %j is none',
    text => {
      expect(fromCursor('events', text)).toBeUndefined()
    },
  )
})
