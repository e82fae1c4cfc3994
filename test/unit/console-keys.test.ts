import { expect, test } from 'vitest'
import { meaningOf } from '../../gateway/console/app/keys.ts'
import { hashOf, parseHash } from '../../gateway/console/app/route.ts'
import { dayOf, duration, timeOfDay, timeOrDay } from '../../gateway/console/app/time.ts'

const press = (key: string, more = {}) => ({
  key,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  isComposing: false,
  ...more,
})

test('keys mean something on the page, and next to nothing where one writes', () => {
  const all = ['j', 'ArrowDown', 'k', 'ArrowUp', 'Enter', 'Escape', '?', '3', 'x']
  expect(all.map(key => meaningOf(press(key), 'page')?.is)).toEqual([
    ...['next', 'next', 'previous', 'previous', 'step', 'away', 'help', 'page', undefined],
  ])
  expect(meaningOf(press('3'), 'page')).toEqual({ is: 'page', index: 2 })
  expect(all.map(key => meaningOf(press(key), 'text')?.is).filter(Boolean)).toEqual(['away'])
  // On a button Enter is the button's own.
  expect(meaningOf(press('Enter'), 'control')).toBeUndefined()
})

test('a key that is held, of a shortcut, or of an input method does not act on an alarm', () => {
  expect(meaningOf(press('Enter', { repeat: true }), 'page')).toBeUndefined()
  expect(meaningOf(press('Enter', { ctrlKey: true }), 'page')).toBeUndefined()
  expect(meaningOf(press('Enter', { isComposing: true }), 'page')).toBeUndefined()
})

test('addresses survive their own writing', () => {
  expect(parseHash(hashOf('events', { site: 'school-01', kind: '', device: undefined }))).toEqual({
    page: 'events',
    rest: undefined,
    query: { site: 'school-01' },
  })
  expect(parseHash(hashOf('alarm', {}, 'a/b?c'))).toEqual({ page: 'alarm', rest: 'a/b?c', query: {} })
  expect(parseHash('')).toEqual({ page: '', rest: undefined, query: {} })
  expect(parseHash('#/alarm/%E0%A4%A').rest).toBe('%E0%A4%A')
})

test('times are those of the sites, whatever zone this machine is in', () => {
  expect(timeOfDay('2026-11-24T16:30:05.999Z')).toBe('00:30:05')
  expect(dayOf('2026-11-24T16:30:05Z')).toBe('2026-11-25')
  const now = Date.parse('2026-11-25T01:00:00Z')
  expect(timeOrDay('2026-11-24T16:30:05Z', now)).toBe('00:30:05')
  expect(timeOrDay('2026-11-24T15:30:05Z', now)).toBe('11-24 23:30')
  expect([-5, 0, 83_999, 3_600_000].map(duration)).toEqual(['00:00', '00:00', '01:23', '1:00:00'])
})
