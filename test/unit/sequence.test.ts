import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SequenceGaps } from '../../gateway/devices/sequence.ts'

const minuteMs = 60_000
const device = 'gate-1'
const start = 1_000_000

/** Numbers as they came; a trailing `b`: buffered. */
function hear(gaps: SequenceGaps, numbers: string, at = start) {
  for (const one of numbers.split(' ')) gaps.heard(device, Number.parseInt(one, 10), one.endsWith('b'), at)
}

test.each([
  ['numbers in order', '1 2 3 4', 0],
  ['a first number, whatever it is', '700 701', 0],
  ['one left out', '1 2 4', 1],
  ['three left out, at two places', '1 3 4 7', 3],
  ['those left out come late from the store', '1 2 6 3b 4b 5b 7', 0],
  ['the store is sent before what is new', '1 2 3b 4b 5b 6', 0],
  ['those left out come late, without saying so', '1 2 5 3 4 6', 0],
  ['one of those left out comes late', '1 2 6 4b 7', 2],
  ['late from before its first number', '50 10b 11b 51', 0],
  ['a counter that starts anew', '98 99 1 2 3', 0],
  ['a counter that starts anew at nothing', '98 99 0 1', 0],
  ['a counter that starts anew after a gap: what was missing stays missing', '97 99 1 2', 1],
  ['the same number over and over', '0 0 0 0', 0],
  ['a jump to another counter', '1 2 1788000000 1788000001', 0],
])('%s', (_, numbers, missing) => {
  const gaps = new SequenceGaps()
  hear(gaps, numbers)
  expect(gaps.missing(device)).toBe(missing)
  expect(gaps.tick(start + minuteMs)).toHaveLength(missing > 0 ? 1 : 0)
})

test('a gap is told when nothing filled it for a minute, with its numbers and the device', () => {
  const gaps = new SequenceGaps()
  hear(gaps, '1 5')
  expect(gaps.tick(start + minuteMs - 1)).toEqual([])
  expect(gaps.tick(start + minuteMs)).toEqual([
    {
      code: 'sequence-gap',
      subject: device,
      message: '3 events of gate-1 never came, lately number 2–4; look at its connection and at its store',
    },
  ])
  expect(gaps.tick(start + 2 * minuteMs)).toEqual([])
})

test('gaps of one hour are one fault, and those of the next another one, with what is new', () => {
  const gaps = new SequenceGaps()
  const messages: string[] = []
  for (let minute = 0; minute < 180; minute++) {
    const now = start + minute * minuteMs
    gaps.heard(device, minute * 2, false, now)
    messages.push(...gaps.tick(now).map(({ message }) => message.slice(0, 9)))
  }
  expect(messages).toEqual(['1 events ', '60 events', '60 events'])
  expect(gaps.missing(device)).toBe(179)
})

test('a gap that was told and then filled makes room for the next one', () => {
  const gaps = new SequenceGaps()
  hear(gaps, '1 3')
  expect(gaps.tick(start + minuteMs)).toHaveLength(1)
  hear(gaps, '2b 5', start + 2 * minuteMs)
  expect(gaps.tick(start + 90 * minuteMs)).toMatchObject([{ message: expect.stringContaining('1 events') }])
})

test('the hour counts over a restart', () => {
  const gaps = new SequenceGaps([[device, start - 50 * minuteMs]])
  hear(gaps, '1 3')
  expect(gaps.tick(start + 9 * minuteMs)).toEqual([])
  expect(gaps.tick(start + 10 * minuteMs)).toHaveLength(1)
})

test('whatever order distinct numbers come in after the first, what is missing is what did not come', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
  fc.assert(
    fc.property(numbers, all => {
      const gaps = new SequenceGaps()
      gaps.heard(device, 0, false, start)
      for (const seq of all) gaps.heard(device, seq, true, start)
      expect(gaps.missing(device)).toBe(Math.max(...all) - all.length)
    }),
  )
})

test('a device that loses every other event is counted and not kept in ever more gaps', () => {
  const gaps = new SequenceGaps()
  for (let seq = 0; seq < 20_000; seq += 2) gaps.heard(device, seq, false, start)
  expect(gaps.missing(device)).toBe(9999)
  // The oldest ones are not watched any more, the youngest are.
  gaps.heard(device, 1, true, start)
  expect(gaps.missing(device)).toBe(9999)
  gaps.heard(device, 19_997, true, start)
  expect(gaps.missing(device)).toBe(9998)
})
