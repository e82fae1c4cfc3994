import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Api } from '../../gateway/console/app/api.ts'
import { createLists, type ListName } from '../../gateway/console/app/lists.ts'
import { createSession } from '../../gateway/console/app/session.ts'
import { createWorld } from '../../gateway/console/app/world.ts'
import type { DeviceView } from '../../schemas/api.ts'

describe('the lists', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  function createStand() {
    const reads: ListName[] = []
    const signals: AbortSignal[] = []
    const failing = new Set<ListName>()
    const lists = createLists(async (name, signal) => {
      reads.push(name)
      signals.push(signal)
      if (failing.has(name)) throw new Error(`${name} fails`)
    })
    const count = (name: ListName) => reads.filter(one => one === name).length
    return { lists, failing, signals, count }
  }

  test('are read when the line is live and again every few minutes; a log-out ends that', async () => {
    const { lists, signals, count } = createStand()
    lists.start()
    lists.start()
    await vi.advanceTimersByTimeAsync(100_000)
    expect([count('sites'), count('devices'), count('closed')]).toEqual([1, 1, 1])
    await vi.advanceTimersByTimeAsync(130_000)
    expect([count('sites'), count('devices'), count('closed')]).toEqual([2, 2, 2])
    lists.stop()
    expect(signals.every(({ aborted }) => aborted)).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('one that fails is said, holds up no other, and is read again ever less often until it is there', async () => {
    const { lists, failing, count } = createStand()
    failing.add('closed')
    lists.start()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(lists.failed.value).toEqual(['closed'])
    expect(count('devices')).toBe(1)
    // After 1, 2, 5, 15, then every 30 s, give or take a quarter.
    expect(count('closed')).toBeGreaterThan(5)
    expect(count('closed')).toBeLessThan(10)
    // What happens doesn't make it be asked more often.
    const before = count('closed')
    while (count('closed') === before) await vi.advanceTimersByTimeAsync(100)
    lists.soon('closed')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(count('closed')).toBe(before + 1)
    failing.clear()
    await vi.advanceTimersByTimeAsync(38_000)
    expect(lists.failed.value).toEqual([])
    lists.stop()
  })

  test('what happens while a list is on its way has it read again soon', async () => {
    const answers: (() => void)[] = []
    const lists = createLists(name =>
      name === 'devices' ? new Promise(resolve => void answers.push(resolve)) : Promise.resolve(),
    )
    lists.start()
    lists.soon('devices')
    await vi.advanceTimersByTimeAsync(10_000)
    // Not beside the one that is on its way.
    expect(answers.length).toBe(1)
    answers[0]!()
    await vi.advanceTimersByTimeAsync(4000)
    expect(answers.length).toBe(2)
    lists.stop()
  })

  test('whatever happens to devices, they are read once every few seconds', async () => {
    const { lists, count } = createStand()
    lists.start()
    await vi.advanceTimersByTimeAsync(1)
    for (let at = 0; at < 20_000; at += 100) {
      lists.soon('devices')
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(count('devices')).toBeGreaterThanOrEqual(1 + Math.floor(20_000 / 3850))
    expect(count('devices')).toBeLessThanOrEqual(1 + Math.ceil(20_000 / 2250))
    expect(count('sites')).toBe(1)
    await vi.advanceTimersByTimeAsync(4000)
    const after = count('devices')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(count('devices')).toBe(after)
    lists.stop()
  })
})

describe('devices that are read twice at once', () => {
  function createStand() {
    const answers: ((devices: Partial<DeviceView>[] | Error) => void)[] = []
    const world = createWorld()
    const get = () =>
      new Promise((resolve, reject) => {
        answers.push(given => (given instanceof Error ? reject(given) : resolve({ items: given })))
      })
    return { world, answers, read: () => world.read('devices', { get } as unknown as Pick<Api, 'get'>) }
  }
  const silent = { name: 'presence', data: { device: 'a', presence: 'silent', at: '' } } as const
  const online: Partial<DeviceView>[] = [{ id: 'a', presence: 'online' }]

  test('both lists are set right by what the stream said meanwhile', async () => {
    const { world, answers, read } = createStand()
    const first = read()
    const second = read()
    world.take(silent)
    answers[0]!(online)
    await first
    expect(world.devices.value).toEqual([{ id: 'a', presence: 'silent' }])
    world.take({ ...silent, data: { ...silent.data, presence: 'offline' } })
    answers[1]!(online)
    await second
    expect(world.devices.value).toEqual([{ id: 'a', presence: 'offline' }])
  })

  test('the one that was asked for last counts, and one that fails leaves nothing behind', async () => {
    const { world, answers, read } = createStand()
    const first = read()
    const second = read()
    answers[1]!([{ id: 'a', presence: 'online', name: 'new' }])
    await second
    answers[0]!(online)
    await first
    expect(world.devices.value).toEqual([{ id: 'a', presence: 'online', name: 'new' }])
    const third = read()
    answers[2]!(new Error('no answer'))
    await expect(third).rejects.toThrow('no answer')
    world.take(silent)
    const fourth = read()
    answers[3]!(online)
    await fourth
    expect(world.devices.value).toEqual(online)
  })
})

test('a name or role that was changed counts in the session; with nobody in it makes none', () => {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage
  const session = createSession(storage)
  session.is({ name: 'a', role: 'admin' })
  expect(session.session.value).toBeUndefined()
  session.enter('t', { name: 'a', role: 'admin', now: '' })
  session.is({ name: 'b', role: 'viewer' })
  expect(session.session.value).toEqual({ token: 't', name: 'b', role: 'viewer' })
  expect([session.mayAct.value, session.mayAdminister.value]).toEqual([false, false])
  expect(createSession(storage).session.value?.role).toBe('viewer')
})
