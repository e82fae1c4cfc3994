import { expect, test } from 'vitest'
import { LoginLimits, loginLimits } from '../../gateway/mqtt/login-limits.ts'

const { freeFailures, firstDelayMs, maxDelayMs, maxWaitingPerAddress, forgivenAfterMs, oftenFailures } = loginLimits

test('a few mistakes are answered at once, then each waits twice as long, up to a bound; a pause forgives', () => {
  const limits = new LoginLimits()
  const fail = (now: number) => {
    const delay = limits.failed('button-1', '10.0.0.1', now)
    limits.answered('10.0.0.1')
    return delay
  }
  const delays = Array.from({ length: freeFailures + 8 }, () => fail(0))
  expect(delays).toEqual([...Array(freeFailures).fill(0), 250, 500, 1000, 2000, 4000, 5000, 5000, 5000])
  expect(delays[freeFailures]).toBe(firstDelayMs)
  expect(fail(forgivenAfterMs - 1)).toBe(maxDelayMs)
  expect(fail(2 * forgivenAfterMs)).toBe(0)
})

test('another name, and the same name from another address, are not made to wait for it', () => {
  const limits = new LoginLimits()
  for (let n = 0; n < freeFailures + 10; n++) {
    limits.failed('button-1', '10.0.0.1', 0)
    limits.answered('10.0.0.1')
  }
  expect(limits.failed('button-2', '10.0.0.1', 0)).toBe(0)
  expect(limits.failed('button-1', '10.0.0.2', 0)).toBe(0)
  expect(limits.failed('button-1', '10.0.0.1', 0)).toBe(maxDelayMs)
})

test('so many answers wait for an address, and so many in all; whoever comes beyond gets none', () => {
  const limits = new LoginLimits({ maxWaiting: 30 })
  const from = (address: string, count: number) =>
    Array.from({ length: count }, () => limits.failed(undefined, address, 0)).filter(delay => delay !== undefined)
      .length
  expect(from('10.0.0.1', 50)).toBe(maxWaitingPerAddress)
  expect(from('10.0.0.2', 50)).toBe(30 - maxWaitingPerAddress)
  limits.answered('10.0.0.1')
  expect(from('10.0.0.3', 50)).toBe(1)
})

test('an address that fails very often has some connections a second, and all again once it has been quiet', () => {
  const limits = new LoginLimits({ connectionsPerSecond: 10 })
  for (let n = 0; n < oftenFailures; n++) {
    expect(limits.mayConnect('10.0.0.1', n)).toBe(true)
    limits.failed('button-1', '10.0.0.1', n)
  }
  const letIn = (from: number, to: number) => {
    let count = 0
    for (let now = from; now < to; now++) if (limits.mayConnect('10.0.0.1', now)) count++
    return count
  }
  expect(Math.abs(letIn(200, 1200) - 20)).toBeLessThanOrEqual(1)
  expect(Math.abs(letIn(1200, 2200) - 10)).toBeLessThanOrEqual(1)
  expect(limits.mayConnect('10.0.0.2', 1200)).toBe(true)
  expect(letIn(forgivenAfterMs + 1000, forgivenAfterMs + 1100)).toBe(100)
})

test('a spray of names and addresses does not fill the memory, and puts out who was quiet longest', () => {
  const limits = new LoginLimits({ maxKnown: 100 })
  const fail = (name: string, address: string) => {
    const delay = limits.failed(name, address, 0)
    if (delay !== undefined) limits.answered(address)
    return delay
  }
  for (let n = 0; n < 10; n++) fail('button-1', '10.0.0.1')
  for (let n = 0; n < 5000; n++) {
    fail(`device-${n}`, `10.1.${n >> 8}.${n & 255}`)
    if (n % 50 === 0) fail('button-1', '10.0.0.1')
  }
  expect(limits.known).toBe(100)
  expect(fail('button-1', '10.0.0.1')).toBe(maxDelayMs)
  expect(fail('device-0', '10.1.0.0')).toBe(0)
})
