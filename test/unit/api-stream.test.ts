import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Stream } from '../../gateway/alarms/stream.ts'
import { StreamAlarm, StreamCounters, StreamPresence, StreamSnapshot } from '../../schemas/stream.ts'
import { watch } from '../helpers/watcher.ts'
import { alarms, at, ports, startApi } from './api-world.ts'

const token = 'token-of-viewer'
const [raised] = alarms as [(typeof alarms)[0]]
const seldom = { heartbeatMs: 3_600_000, countersMs: 3_600_000 }

async function startStreaming(streamTimes = seldom) {
  let watchers = 0
  const stream = new Stream({ clock: () => at, openAlarms: () => [raised] })
  const world = await startApi({
    streamTimes,
    stream: {
      ...ports.stream,
      subscribe: (lastId, listener) => {
        const leave = stream.subscribe(lastId, listener)
        watchers++
        return () => {
          watchers--
          leave()
        }
      },
    },
  })
  const join = async (lastId?: string) => {
    const watcher = await watch(world.base, token, lastId)
    onTestFinished(watcher.leave)
    return watcher
  }
  return { ...world, stream, join, watchers: () => watchers }
}

describe('the stream', () => {
  test('is server-sent events of the contract, that no proxy keeps back', async () => {
    const { stream, join } = await startStreaming({ heartbeatMs: 20, countersMs: 20 })
    const watcher = await join()
    expect(watcher.status).toBe(200)
    expect(Object.fromEntries(watcher.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    stream.alarm(
      { ...raised, stage: 'acknowledged' },
      { at: '', what: 'acknowledged', stage: 'acknowledged', by: '王' },
    )
    stream.presence('school-01-button-01', 'silent')
    const of = (name: string) => watcher.next(name, ({ event }) => event === name)
    expect(StreamSnapshot.parse((await of('snapshot')).data).alarms.map(({ id }) => id)).toEqual(['a-3'])
    const alarm = await of('alarm')
    expect(StreamAlarm.parse(alarm.data)).toMatchObject({ alarm: { stage: 'acknowledged' }, line: { by: '王' } })
    expect(alarm.id).toBe(`${at}-1`)
    expect(StreamPresence.parse((await of('presence')).data).presence).toBe('silent')
    const counters = await of('counters')
    expect(StreamCounters.parse(counters.data).stored).toBe(8)
    expect(counters.id).toBeUndefined()
    await expect.poll(watcher.heartbeats).toBeGreaterThan(1)
  })

  test('goes on after Last-Event-ID', async () => {
    const { stream, join } = await startStreaming()
    const first = await join()
    await first.next('the snapshot', ({ event }) => event === 'snapshot')
    first.leave()
    for (const n of [1, 2, 3]) stream.presence(`button-${n}`, 'online')
    const again = await join(`${at}-1`)
    await again.next('the last', ({ id }) => id === `${at}-3`)
    expect(again.seen.map(({ id }) => id)).toEqual([`${at}-2`, `${at}-3`])
  })

  test('forgets a watcher that left', async () => {
    const { join, watchers } = await startStreaming()
    const watcher = await join()
    expect(watchers()).toBe(1)
    watcher.leave()
    await expect.poll(watchers).toBe(0)
  })

  test('has room for a hundred; one more is told to come again', async () => {
    const { join, get } = await startStreaming()
    const all = await Promise.all(Array.from({ length: 100 }, () => join()))
    const refused = await get('stream')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    all[0]?.leave()
    await expect.poll(async () => (await join()).status).toBe(200)
  })

  test('cuts a watcher that reads nothing once a megabyte waits for it, and serves the others', async () => {
    const { stream, join, watchers, port, logged } = await startStreaming()
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.write(`GET /api/v1/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`)
    await once(socket, 'data')
    socket.pause()
    const reading = await join()
    const large = {
      ...raised,
      context: { recent: [{ seq: 1, device: 'd', kind: 'access', at: '', summary: { a: 'x'.repeat(100_000) } }] },
    }
    let sent = 0
    while (watchers() > 1 && sent < 200) {
      stream.alarm(large, raised.history[0]!)
      sent++
      await reading.next(`event ${sent}`, ({ id }) => id === `${at}-${sent}`)
    }
    expect(watchers()).toBe(1)
    expect(sent).toBeGreaterThanOrEqual(10)
    expect(logged.map(({ message }) => message)).toContain('stream.slow-watcher-cut')
  })

  test('ends for everybody when the gateway closes', async () => {
    const { api, join } = await startStreaming()
    const watchers = [await join(), await join()]
    await api.close()
    await Promise.all(watchers.map(({ ended }) => ended))
  })

  test('has no HEAD', async () => {
    const { ask, as } = await startStreaming()
    expect((await ask('/api/v1/stream', { method: 'HEAD', ...as(token) })).status).toBe(405)
  })
})
