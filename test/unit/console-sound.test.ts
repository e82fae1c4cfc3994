import { expect, test } from 'vitest'
import { askedFor } from '../../gateway/console/app/sound-state.ts'

test('the click that made the sound possible does not mute it; the next one does, and the one after brings it back', () => {
  expect(askedFor('on', true)).toBe('on')
  expect(askedFor('blocked', true)).toBe('on')
  expect(askedFor('on', false)).toBe('off')
  expect(askedFor('off', false)).toBe('on')
})
