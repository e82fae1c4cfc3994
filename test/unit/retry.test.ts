import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { delayAfterMs, isRefusal } from '../../gateway/webhook/retry.ts'

const middle = 0.5

describe('the delay after a failed attempt', () => {
  test('is 0, 1, 2, 4, 8, 15 s and then always 15 s', () => {
    const delays = Array.from({ length: 9 }, (_, index) => delayAfterMs(index + 1, 0, middle))
    expect(delays).toEqual([0, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000, 15_000])
  })

  test('is the same after one refusal, and 60 s once it repeats', () => {
    expect([1, 2, 3, 6, 100].map(attempts => delayAfterMs(attempts, 1, middle))).toEqual([
      0, 1000, 2000, 15_000, 15_000,
    ])
    expect([2, 3, 6, 100].map(attempts => delayAfterMs(attempts, 2, middle))).toEqual([60_000, 60_000, 60_000, 60_000])
    expect(delayAfterMs(50, 49, middle)).toBe(60_000)
  })

  test('goes back to the quick ones when something other than a refusal comes between', () => {
    expect(delayAfterMs(3, 0, middle)).toBe(2000)
  })

  test('is a whole number within 10 % of it, whatever the number of attempts', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    const count = fc.integer({ min: 1, max: 1_000_000 })
    fc.assert(
      fc.property(count, fc.nat(1_000_000), random, (attempts, refusals, chance) => {
        const delayMs = delayAfterMs(attempts, refusals, chance)
        const meantMs = delayAfterMs(attempts, refusals, middle)
        expect(Number.isInteger(delayMs)).toBe(true)
        expect(delayMs).toBeGreaterThanOrEqual(meantMs * 0.9)
        expect(delayMs).toBeLessThanOrEqual(meantMs * 1.1)
      }),
    )
  })

  test('spreads: the same attempt of many deliveries does not come back in one moment', () => {
    expect(delayAfterMs(6, 0, 0)).toBe(13_500)
    expect(delayAfterMs(6, 0, 0.999_999)).toBe(16_500)
  })
})

test.each([
  [null, false],
  [199, false],
  [302, false],
  [399, false],
  [400, true],
  [404, true],
  [499, true],
  [500, false],
  [503, false],
])('an answer %s is a refusal: %s', (status, refusal) => {
  expect(isRefusal(status)).toBe(refusal)
})
