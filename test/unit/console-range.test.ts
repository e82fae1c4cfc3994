import { describe, expect, test } from 'vitest'
import * as events from '../../gateway/console/app/events/filter.ts'
import { boundsOf, localMs, localText, queryOf, rangeOf, spanOf } from '../../gateway/console/app/range.ts'
import { hashOf, parseHash } from '../../gateway/console/app/route.ts'

const now = Date.parse('2026-11-24T12:00:00+08:00')

describe('the time of a page', () => {
  test('moves with the clock, or is fixed in the time of the sites', () => {
    expect(boundsOf(rangeOf({ last: '6h' }, '1h'), now)).toEqual({ fromMs: now - 6 * 3_600_000, toMs: undefined })
    const fixed = rangeOf({ from: '2026-11-24T08:00', to: '2026-11-24T09:30' }, '1h')
    expect(boundsOf(fixed, now)).toEqual({
      fromMs: Date.parse('2026-11-24T00:00:00Z'),
      toMs: Date.parse('2026-11-24T01:30:00Z'),
    })
    expect(boundsOf(rangeOf({ from: '2026-11-24T08:00' }, '1h'), now).toMs).toBeUndefined()
  })

  test('falls back where the address says nothing that is one', () => {
    for (const query of [
      {},
      { last: '0m' },
      { last: '9999d' },
      { last: '1y' },
      { from: 'yesterday' },
      { to: '2026-11-24T08:00' },
      { from: '2026-11-24T09:00', to: '2026-11-24T08:00' },
      { from: '2026-11-24T08:00', to: '2026-11-24T08:00' },
    ])
      expect(rangeOf(query, '1h'), JSON.stringify(query)).toEqual({ last: '1h' })
    expect(spanOf('366d')).toBe(366 * 86_400_000)
  })

  test('comes back from the address as it went in', () => {
    const filters: events.EventFilter[] = [
      { site: 'school-01', device: '', kind: 'alarm', range: { last: '24h' } },
      { site: '', device: 'd-1', kind: '', range: { from: '2026-11-24T08:00:05', to: '2026-11-24T09:00' } },
      { site: '', device: '', kind: '', range: { from: '2026-11-24T08:00', to: undefined } },
    ]
    for (const filter of filters) {
      const { page, query } = parseHash(hashOf('events', events.addressQuery(filter)))
      expect(page).toBe('events')
      expect(events.filterOf(query)).toEqual(filter)
    }
    expect(queryOf({ last: '1h' })).toEqual({ last: '1h', from: undefined, to: undefined })
    expect(localMs(localText(now))).toBe(now)
    expect(localText(now)).toBe('2026-11-24T12:00:00')
  })

  test('of events: another site leaves the device', () => {
    const filter = events.filterOf({ site: 'a', device: 'a-1', last: '6h' })
    expect(events.withSite(filter, 'b')).toEqual({ ...filter, site: 'b', device: '' })
  })
})
