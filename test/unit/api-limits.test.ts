import { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { Buckets } from '../../gateway/api/buckets.ts'
import { Connections } from '../../gateway/api/connections.ts'
import { addressOf } from '../../gateway/api/limits.ts'
import { Turns } from '../../gateway/api/turns.ts'
import { Problem } from '../../schemas/api.ts'
import { alarms, at, ports, startApi, stats } from './api-world.ts'

describe('a bucket', () => {
  const make = () => new Buckets({ perSecond: 10, burst: 5, maxKeys: 3 })

  test('gives its burst at once, then so much a second, and says how long to wait', () => {
    const buckets = make()
    const taken = (now: number) => Array.from({ length: 7 }, () => buckets.take('a', 1, now))
    expect(taken(0)).toEqual([0, 0, 0, 0, 0, 100, 100])
    expect(buckets.take('a', 1, 50)).toBe(50)
    expect(buckets.take('a', 1, 100)).toBe(0)
    expect(buckets.take('a', 2, 100)).toBe(200)
    expect(taken(1_000_000)).toEqual([0, 0, 0, 0, 0, 100, 100])
  })

  test('of one key is not that of another', () => {
    const buckets = make()
    for (let n = 0; n < 6; n++) buckets.take('a', 1, 0)
    expect([buckets.take('a', 1, 0), buckets.take('b', 1, 0)]).toEqual([100, 0])
  })

  test('is neither filled nor emptied by a clock that is set back', () => {
    const buckets = make()
    buckets.take('a', 4, 3_600_000)
    expect([buckets.take('a', 1, 0), buckets.take('a', 1, 0), buckets.take('a', 1, 100)]).toEqual([0, 100, 0])
  })

  test('is forgotten where there are too many: the one not used for longest', () => {
    const buckets = make()
    for (const key of ['a', 'b', 'c']) buckets.take(key, 5, 0)
    buckets.take('a', 1, 0)
    buckets.take('d', 1, 0)
    expect(buckets.size).toBe(3)
    expect([buckets.take('a', 1, 0), buckets.take('c', 1, 0)]).toEqual([100, 100])
    expect(buckets.take('b', 1, 0)).toBe(0)
  })
})

describe('turns', () => {
  test('go round over the keys, and only so many wait', async () => {
    const turns = new Turns({ atOnce: 1, waitingPerKey: 3, waitingInAll: 4 })
    expect(await turns.take('a')).toBe(true)
    const order: string[] = []
    const wait = (key: string, name: string) => void turns.take(key).then(() => order.push(name))
    for (const name of ['a1', 'a2', 'a3']) wait('a', name)
    expect(await turns.take('a')).toBe(false)
    wait('b', 'b1')
    expect(await turns.take('c')).toBe(false)
    for (let n = 0; n < 4; n++) {
      turns.done()
      await new Promise(setImmediate)
    }
    expect(order).toEqual(['a1', 'b1', 'a2', 'a3'])
    turns.done()
    expect(await turns.take('c')).toBe(true)
  })
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('%s counts as %s', (ip, address) => {
  expect(addressOf({ ip })).toBe(address)
})

describe('an allowance', () => {
  const small = (burst: number, perSecond: number) => ({ burst, perSecond, maxKeys: 10, heldMs: 0 })
  const allowances = { token: small(20, 10), alarm: small(5, 10), failure: small(8, 2), open: small(30, 10) }
  const send = async (count: number, one: () => Promise<{ status: number }>) => {
    const statuses: number[] = []
    for (let n = 0; n < count; n++) statuses.push((await one()).status)
    return statuses
  }

  test('of failed requests is per address; a valid token is served from there all the same', async () => {
    const { ask, as, get } = await startApi({ allowances })
    const statuses = await send(9, () => ask('/api/v1/sites', as('wrong')))
    expect(statuses.slice(0, 8).every(status => status === 401)).toBe(true)
    const refused = await ask('/api/v1/sites')
    expect([statuses.at(-1), refused.status]).toEqual([429, 429])
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(Problem.parse(refused.json).title).toBe('Too Many Requests')
    expect((await get('sites')).status).toBe(200)
  })

  test('of one token is not that of another, and what is done about alarms is counted apart', async () => {
    let now = at
    const acted: string[] = []
    const { ask, as, get, post, logged } = await startApi({
      allowances,
      clock: () => now,
      actions: { ...ports.actions, act: async id => void acted.push(id) as undefined },
    })
    const mine = as('token-of-dispatcher')
    // A list costs two units.
    const statuses = await send(11, () => ask('/api/v1/rejections', mine))
    expect(statuses.indexOf(429)).toBe(10)
    const refused = await ask('/api/v1/devices', mine)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect((await get('rejections')).status).toBe(200)
    // The desk knows no such alarm, but it was asked.
    expect((await post('alarms/a-1/acknowledge', { by: '王' })).status).toBe(409)
    expect(acted).toEqual(['a-1'])
    now += 1000
    expect((await ask('/api/v1/devices', mine)).status).toBe(200)
    const limited = logged.filter(({ message }) => message === 'http.limited')
    expect(limited).toEqual([{ level: 'warn', message: 'http.limited', line: { allowance: 'token', waitMs: 200 } }])
  })

  test('is there for what needs no token, too, and what is done about alarms has an end of its own', async () => {
    const { ask, post } = await startApi({ allowances })
    const open = await send(31, () => ask('/healthz'))
    expect(open.indexOf(429)).toBe(30)
    const actions = await send(6, () => post('alarms/a-1/acknowledge', { by: '王' }))
    expect(actions.indexOf(429)).toBe(5)
  })
})

test('a refusal is held back, and what was sent behind it waits; others are answered meanwhile', async () => {
  const held = { burst: 1, perSecond: 1, maxKeys: 10, heldMs: 1000 }
  let asked = 0
  const { port, get, logged } = await startApi({
    clock: () => {
      asked++
      return at
    },
    allowances: { token: { ...held, burst: 100 }, alarm: held, failure: held, open: held },
  })
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', chunk => {
    text += chunk
  })
  const request = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'
  const statuses = () => [...text.matchAll(/HTTP\/1.1 (\d+)/gm)].map(([, status]) => status)
  socket.write(request)
  await expect.poll(statuses).toEqual(['200'])
  socket.write(request)
  await expect.poll(() => logged.some(({ message }) => message === 'http.limited')).toBe(true)
  const mark = asked
  expect((await get('sites')).status).toBe(200)
  const perRequest = asked - mark
  socket.write(request)
  for (let n = 0; n < 2; n++) expect((await get('sites')).status).toBe(200)
  // The third was not even looked at.
  expect([asked - mark, statuses()]).toEqual([3 * perRequest, ['200']])
  await expect.poll(statuses, { timeout: 5000 }).toEqual(['200', '429', '429'])
  socket.destroy()
})

test('a hundred lists of one token come between those of another, not before them', async () => {
  const order: string[] = []
  const held: (() => void)[] = []
  const { ask, as, get } = await startApi({
    stats: {
      stats: async () => {
        await new Promise<void>(resolve => held.push(resolve))
        return stats
      },
    },
  })
  const busy = Array.from({ length: 30 }, () =>
    ask('/api/v1/stats', as('token-of-admin')).then(() => order.push('admin')),
  )
  await expect.poll(() => held.length).toBe(4)
  const mine = get('stats').then(() => order.push('viewer'))
  // What is no list waits for nobody.
  expect((await get('alarms/a-1')).json.id).toBe(alarms[2]?.id)
  const release = setInterval(() => held.shift()?.(), 5)
  await mine
  expect(order.filter(who => who === 'admin').length).toBeLessThan(20)
  await Promise.all(busy)
  clearInterval(release)
  expect(order).toHaveLength(31)
})

describe('connections', () => {
  function makeServer(limits = { inAll: 4, perAddress: 2 }) {
    const server = new EventEmitter()
    const connections = new Connections(limits)
    connections.watch(server as unknown as Server)
    let port = 0
    const come = (remoteAddress: string) => {
      const socket = Object.assign(new EventEmitter(), {
        remoteAddress,
        remotePort: ++port,
        localAddress: '192.0.2.1',
        destroyed: false,
        destroy() {
          socket.destroyed = true
          socket.emit('close')
        },
      })
      server.emit('connection', socket)
      return socket as unknown as Socket & { destroyed: boolean }
    }
    return { server, connections, come }
  }

  test('beyond the bound in all, a new one takes the place of the oldest over which no token came', () => {
    const { connections, come } = makeServer({ inAll: 3, perAddress: 2 })
    const [one, two, three] = ['192.0.2.11', '192.0.2.12', '192.0.2.13'].map(come)
    connections.trust(one!)
    const four = come('192.0.2.14')
    expect([one, two, three, four].map(socket => socket?.destroyed)).toEqual([false, true, false, false])
    connections.trust(three!)
    connections.trust(four)
    expect(come('192.0.2.15').destroyed).toBe(true)
    expect(connections.size).toBe(3)
    one!.destroy()
    expect(come('192.0.2.16').destroyed).toBe(false)
  })

  test('of one address have a bound of their own, that of this machine does not', () => {
    const { connections, come } = makeServer()
    const sockets = Array.from({ length: 3 }, () => come('192.0.2.11'))
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, false, false])
    for (const socket of sockets.slice(1)) connections.trust(socket)
    expect(come('192.0.2.11').destroyed).toBe(true)
    sockets[1]!.destroy()
    expect(come('192.0.2.11').destroyed).toBe(false)
    for (const socket of sockets) socket.destroy()
    expect(Array.from({ length: 3 }, () => come('127.0.0.1').destroyed)).toEqual([false, false, false])
  })

  test('that became a WebSocket count no more', () => {
    const { server, connections, come } = makeServer()
    server.emit('upgrade', { socket: come('192.0.2.11') })
    expect(connections.size).toBe(0)
  })
})
