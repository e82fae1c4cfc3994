import { expect, test } from 'vitest'
import { Allowance } from '../../gateway/mqtt/guards/allowance.ts'

/** Takes `each` packets whenever that is allowed, asked every millisecond; how many in all. */
function taken(allowance: Allowance, fromMs: number, toMs: number, each: number): number {
  let packets = 0
  for (let ms = fromMs; ms < toMs; ms++) {
    allowance.gain(ms)
    if (allowance.isSpent) continue
    allowance.spend(each)
    packets += each
  }
  return packets
}

test('as many as are allowed in a second are taken, and what was saved before', () => {
  const allowance = new Allowance(20_000, 0)
  const first = taken(allowance, 0, 1000, 64)
  // A tenth of a second was saved; the last visit may go beyond.
  expect(first).toBeGreaterThan(20_000)
  expect(first).toBeLessThanOrEqual(22_000 + 64)
  expect(taken(allowance, 1000, 11_000, 64)).toBeLessThanOrEqual(200_000 + 64)
})

test('a long pause saves no more than a tenth of a second', () => {
  const allowance = new Allowance(1000, 0)
  allowance.gain(60_000)
  allowance.spend(100)
  expect(allowance.isSpent).toBe(true)
})

test('spent, it gathers before it allows again', () => {
  const allowance = new Allowance(1000, 0)
  allowance.spend(100)
  for (const [ms, isSpent] of [
    [1, true],
    [4, true],
    [5, false],
  ] as const) {
    allowance.gain(ms)
    expect([ms, allowance.isSpent]).toEqual([ms, isSpent])
  }
})

test('those with little to say, however many, leave half of it to the others', () => {
  const allowance = new Allowance(1000, 0)
  for (let n = 0; n < 1000; n++) allowance.spendOnFirst(4)
  expect(allowance.isSpent).toBe(false)
  allowance.spend(49)
  expect(allowance.isSpent).toBe(false)
  allowance.spend(1)
  expect(allowance.isSpent).toBe(true)
  allowance.spendOnFirst(4)
  allowance.gain(5)
  expect(allowance.isSpent).toBe(false)
})

test('debts end', () => {
  const allowance = new Allowance(1000, 0)
  allowance.spend(1_000_000)
  allowance.gain(104)
  expect(allowance.isSpent).toBe(true)
  allowance.gain(105)
  expect(allowance.isSpent).toBe(false)
})
