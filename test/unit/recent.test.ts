import { describe, expect, test } from 'vitest'
import { type Recent, RecentEvents } from '../../gateway/alarms/recent.ts'

const now = Date.UTC(2025, 8, 1, 8, 0, 0)
const minuteMs = 60_000
const event = (seq: number, more: Partial<Recent> = {}): Recent => ({
  seq,
  device: 'gate-1',
  kind: 'access',
  at: now - minuteMs,
  receivedAt: now - minuteMs,
  payload: `{"data":{"door":"${seq}"}}`,
  ...more,
})
const door = (_kind: string, payload: string) => ({ door: JSON.parse(payload).data.door as string })
const newRecent = () => new RecentEvents(door)
const seqs = (recent: RecentEvents, before = Number.MAX_SAFE_INTEGER, site = 'a') =>
  recent.of(site, before, now).map(({ seq }) => seq)

describe('the last events of a site', () => {
  test('come newest first, told by kind, time and summary', () => {
    const recent = newRecent()
    recent.add('a', event(1))
    recent.add('a', event(2, { device: 'lane-1', kind: 'vehicle', payload: Buffer.from('{"data":{"door":"西门"}}') }))
    expect(recent.of('a', 3, now)).toEqual([
      { seq: 2, device: 'lane-1', kind: 'vehicle', at: '2025-09-01T07:59:00.000Z', summary: { door: '西门' } },
      { seq: 1, device: 'gate-1', kind: 'access', at: '2025-09-01T07:59:00.000Z', summary: { door: '1' } },
    ])
  })

  test('are 20 at the most, the newest', () => {
    const recent = newRecent()
    for (let seq = 1; seq <= 47; seq++) recent.add('a', event(seq))
    expect(seqs(recent)).toEqual(Array.from({ length: 20 }, (_, index) => 47 - index))
  })

  test('are of that site only', () => {
    const recent = newRecent()
    recent.add('a', event(1))
    recent.add('b', event(2))
    expect(seqs(recent)).toEqual([1])
    expect(seqs(recent, 9, 'b')).toEqual([2])
    expect(seqs(recent, 9, 'nowhere')).toEqual([])
  })

  test('leave out the alarm itself and what came after it', () => {
    const recent = newRecent()
    for (const seq of [1, 2, 3]) recent.add('a', event(seq))
    expect(seqs(recent, 2)).toEqual([1])
  })

  test('leave out what came more than 10 minutes ago, whatever the device’s clock says', () => {
    const recent = newRecent()
    recent.add('a', event(1, { receivedAt: now - 10 * minuteMs - 1 }))
    recent.add('a', event(2, { receivedAt: now - 10 * minuteMs, at: now - 60 * minuteMs }))
    expect(seqs(recent)).toEqual([2])
  })

  test('leave out heartbeats and statuses, which push out nothing either', () => {
    const recent = newRecent()
    recent.add('a', event(1))
    for (let seq = 2; seq <= 50; seq++) recent.add('a', event(seq, { kind: seq % 2 ? 'heartbeat' : 'status' }))
    expect(seqs(recent)).toEqual([1])
  })

  test('are told without summary where the payload is large', () => {
    const recent = newRecent()
    recent.add('a', event(1, { payload: `{"data":{"door":"${'x'.repeat(2000)}"}}` }))
    expect(recent.of('a', 2, now)).toMatchObject([{ seq: 1, summary: {} }])
  })

  test('are told without summary where the payload cannot be read: context is never worth an alarm', () => {
    const recent = newRecent()
    recent.add('a', event(1, { payload: '{"data":' }))
    recent.add('a', event(2))
    expect(recent.of('a', 3, now).map(({ seq, summary }) => [seq, summary])).toEqual([
      [2, { door: '2' }],
      [1, {}],
    ])
  })
})
