import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { addressOf, ConnectionLimits } from '../../gateway/mqtt/guards/connection-limits.ts'

const outside = '192.0.2.1'
const gone = async (stream: PassThrough) => {
  stream.destroy()
  await new Promise(resolve => setImmediate(resolve))
}
/** As many as `count` that have come in from `address`. */
function enter(limits: ConnectionLimits, count: number, address = outside, isLoggedIn = false): PassThrough[] {
  return Array.from({ length: count }, () => {
    const stream = new PassThrough()
    expect(limits.enter(stream, address)).toBeUndefined()
    if (isLoggedIn) limits.loggedIn(stream, address)
    return stream
  })
}

test('full of logged in clients: the next is refused, until one leaves', async () => {
  const limits = new ConnectionLimits({ maxConnections: 3, maxConnectionsPerAddress: 10 })
  const [first] = enter(limits, 3, outside, true)
  expect(limits.enter(new PassThrough(), '192.0.2.2')).toMatch(
    /^more than 3 connections; GATEHOUSE_MQTT_MAX_CONNECTIONS /,
  )
  await gone(first!)
  expect(limits.open).toBe(2)
  enter(limits, 1, '192.0.2.2')
})

test('full, and some have not logged in: the one that waits longest goes, and nobody else', () => {
  const limits = new ConnectionLimits({ maxConnections: 4, maxConnectionsPerAddress: 10 })
  const [device] = enter(limits, 1, outside, true)
  const idle = enter(limits, 3, '198.51.100.7')
  const [newcomer] = enter(limits, 1)
  expect([device!, ...idle, newcomer!].map(stream => stream.destroyed)).toEqual([false, true, false, false, false])
  expect(limits.open).toBe(4)
})

test('an address has so many that have not logged in, its oldest make room; who has logged in counts in all only', async () => {
  const limits = new ConnectionLimits({ maxConnections: 100, maxConnectionsPerAddress: 2 })
  const devices = enter(limits, 20, outside, true)
  const idle = enter(limits, 3, outside)
  const elsewhere = enter(limits, 2, '192.0.2.2')
  expect([...devices, ...elsewhere].filter(({ destroyed }) => destroyed)).toEqual([])
  expect(idle.map(({ destroyed }) => destroyed)).toEqual([true, false, false])
  await new Promise(resolve => setImmediate(resolve))
  expect(limits.open).toBe(24)
})

test('a flood of ten thousand idle connections keeps no device out, and is forgotten when it is over', async () => {
  const limits = new ConnectionLimits({ maxConnections: 50, maxConnectionsPerAddress: 1000 })
  const devices = enter(limits, 10, outside, true)
  const flood: PassThrough[] = []
  for (let index = 0; index < 10_000; index++) flood.push(...enter(limits, 1, `198.51.100.${index % 200}`))
  devices.push(...enter(limits, 30, outside, true))
  expect(devices.filter(({ destroyed }) => destroyed)).toEqual([])
  expect(limits.open).toBe(50)
  for (const stream of [...flood, ...devices]) stream.destroy()
  await new Promise(resolve => setImmediate(resolve))
  expect(limits.open).toBe(0)
})

test('loopback has no limit of its own', () => {
  const limits = new ConnectionLimits({ maxConnections: 100, maxConnectionsPerAddress: 1 })
  for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) enter(limits, 5, address, true)
  expect(limits.open).toBe(20)
})

test('an IPv4 address is itself, an IPv6 address its /64', () => {
  expect(addressOf('::ffff:192.0.2.1')).toBe('192.0.2.1')
  expect(addressOf('2001:db8:1:2::1')).toBe(addressOf('2001:db8:1:2:ffff:ffff:ffff:ffff'))
  expect(addressOf('2001:db8:1:2::1')).not.toBe(addressOf('2001:db8:1:3::1'))
  expect(addressOf('2001:db8::1')).toBe(addressOf('2001:db8:0:0:5::'))
  expect(addressOf('2001:db8::1:0:0:0:1')).toBe('2001:db8:0:1/64')
  expect(addressOf(undefined)).toBeUndefined()
})
