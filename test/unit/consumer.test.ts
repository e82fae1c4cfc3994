import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../gateway/clock.ts'
import { OperationalError } from '../../gateway/errors.ts'
import { type Consumer, type ConsumerOptions, startConsumer } from '../../gateway/journal/consumer.ts'
import type { Entry, Quarantined } from '../../gateway/journal/journal.ts'
import { silentLog } from '../../gateway/log.ts'
import { faces, memorySource } from '../helpers/influx-entries.ts'

/** The loop that every consumer of the journal shares (design 7 and 10). */
const running: Consumer[] = []
afterEach(async () => {
  for (const consumer of running.splice(0)) await consumer.stop()
})

const start = (memory: Pick<ReturnType<typeof memorySource>, 'source'>, more: Partial<ConsumerOptions>) => {
  const consumer = startConsumer({
    name: 'test',
    source: memory.source,
    take: async () => [],
    batchSize: 10,
    retry: { firstMs: 1, lastMs: 5, poisonTries: 3 },
    log: silentLog,
    clock: systemClock,
    ...more,
  })
  running.push(consumer)
  return consumer
}
const until = (condition: () => boolean) => expect.poll(condition, { timeout: 5000, interval: 5 }).toBe(true)
const down = new OperationalError('test.down', 'it is down', { retryable: true })
const seqs = (entries: Entry[]) => entries.map(({ seq }) => seq)
const noting = (seen: number[]) => async (entries: Entry[]) => {
  seen.push(...seqs(entries))
  return []
}

test('takes all in order and moves the cursor to the end', async () => {
  const memory = memorySource(faces(95))
  const seen: number[] = []
  start(memory, { take: noting(seen) })
  await until(() => memory.cursor() === 95)
  expect(seen).toEqual(seqs(memory.entries))
  expect(memory.passed()).toBe(95)
})

test('starts after the cursor', async () => {
  const memory = memorySource(faces(20))
  await memory.source.commit({ upTo: 15, passed: 15, quarantined: [] })
  const seen: number[] = []
  start(memory, { take: noting(seen) })
  await until(() => memory.cursor() === 20)
  expect(seen).toEqual([16, 17, 18, 19, 20])
})

test('an empty journal is waited on until wake', async () => {
  const memory = memorySource([])
  const consumer = start(memory, { pollMs: 60_000 })
  memory.entries.push(...faces(3))
  consumer.wake()
  await until(() => memory.cursor() === 3)
})

test('without a wake the poll finds it', async () => {
  const memory = memorySource([])
  start(memory, { pollMs: 20 })
  memory.entries.push(...faces(3))
  await until(() => memory.cursor() === 3)
})

test('a retryable error is waited out, said once, and nothing is passed over', async () => {
  const memory = memorySource(faces(30))
  const said: unknown[] = []
  const note = (line: unknown, message: unknown) => void said.push([message, line])
  let failures = 0
  const take = async () => {
    if (failures < 6) {
      failures += 1
      throw down
    }
    return []
  }
  const log = { ...silentLog, warn: note, info: note }
  const consumer = start(memory, { take, log: log as unknown as typeof silentLog })
  await until(() => consumer.state().lastError !== undefined || memory.cursor() === 30)
  await until(() => memory.cursor() === 30)
  expect(said).toEqual([
    ['consumer.waiting', { consumer: 'test', code: 'test.down', reason: 'it is down' }],
    ['consumer.recovered', { consumer: 'test', waitedMs: expect.any(Number) }],
  ])
  expect(consumer.state()).toEqual({ cursor: 30, unsettled: 0 })
})

test('a source that fails is waited out too', async () => {
  const memory = memorySource(faces(30))
  let calls = 0
  const shaky = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      calls += 1
      if (calls % 2 === 1) throw down
      return work(...args)
    }
  }
  const { cursor, read, commit } = memory.source
  start({ source: { cursor: shaky(cursor), read: shaky(read), commit: shaky(commit) } }, {})
  await until(() => memory.cursor() === 30)
  expect(memory.passed()).toBe(30)
})

describe('poison', () => {
  const poisonous = (poison: number[], taken: number[] = []) => ({
    taken,
    take: async (entries: Entry[]) => {
      const bad = entries.find(({ seq }) => poison.includes(seq))
      if (bad !== undefined) throw new TypeError(`no idea what to do with ${bad.kind}`)
      taken.push(...seqs(entries))
      return []
    },
  })

  test.each([[[7]], [[1]], [[10]], [[1, 2, 3]], [[4, 25, 26]]])(
    'entries %j are quarantined, the others taken',
    async poison => {
      const memory = memorySource(faces(30))
      const { take, taken } = poisonous(poison)
      start(memory, { take })
      await until(() => memory.cursor() === 30)
      expect(memory.quarantined).toEqual(poison.map(seq => ({ seq, reason: 'no idea what to do with face' })))
      expect(taken.toSorted((a, b) => a - b)).toEqual(seqs(memory.entries).filter(seq => !poison.includes(seq)))
      expect(memory.passed()).toBe(30)
    },
  )

  test('what heals within a few tries is no poison', async () => {
    const memory = memorySource(faces(10))
    let tries = 0
    const take = async () => {
      tries += 1
      if (tries < 3) throw new TypeError('not yet')
      return []
    }
    start(memory, { take })
    await until(() => memory.cursor() === 10)
    expect(memory.quarantined).toEqual([])
  })

  test('an outage while poison is being isolated is waited out', async () => {
    const memory = memorySource(faces(10))
    const { take } = poisonous([6])
    let calls = 0
    start(memory, {
      take: async entries => {
        calls += 1
        if (calls % 2 === 0) throw down
        return take(entries)
      },
    })
    await until(() => memory.cursor() === 10)
    expect(seqs(memory.entries)).toHaveLength(10)
    expect(memory.quarantined.map(({ seq }) => seq)).toEqual([6])
  })
})

describe('the cursor', () => {
  test('waits before a batch that is not settled, while later ones are taken', async () => {
    const memory = memorySource(faces(50))
    const later = Promise.withResolvers<Quarantined[]>()
    const taken: number[] = []
    const take = async (entries: Entry[]) => {
      taken.push(...seqs(entries))
      return entries[0]?.seq === 11 ? { settled: later.promise } : []
    }
    const consumer = start(memory, { take })
    await until(() => taken.length === 50 && memory.cursor() === 10)
    expect(consumer.state()).toEqual({ cursor: 10, unsettled: 40 })
    later.resolve([{ seq: 13, reason: 'bad' }])
    await until(() => memory.cursor() === 50)
    expect(memory.quarantined).toEqual([{ seq: 13, reason: 'bad' }])
    expect(memory.passed()).toBe(50)
  })

  test('follows the order of the journal when batches end in another', async () => {
    const memory = memorySource(faces(30))
    const gates = new Map<number, () => void>()
    const take = async (entries: Entry[]) => {
      await new Promise<void>(resolve => gates.set(entries[0]?.seq ?? 0, resolve))
      return []
    }
    start(memory, { take, concurrency: 3 })
    await until(() => gates.size === 3)
    gates.get(21)?.()
    gates.get(11)?.()
    await new Promise(resolve => setImmediate(resolve))
    expect(memory.cursor()).toBe(0)
    gates.get(1)?.()
    await until(() => memory.cursor() === 30)
  })

  test('at most `unsettledLimit` entries are read beyond it', async () => {
    const memory = memorySource(faces(100))
    const first = Promise.withResolvers<Quarantined[]>()
    const taken: number[] = []
    const take = async (entries: Entry[]) => {
      taken.push(...seqs(entries))
      return entries[0]?.seq === 1 ? { settled: first.promise } : []
    }
    start(memory, { take, unsettledLimit: 40 })
    await until(() => taken.length === 40)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(taken.length).toBe(40)
    first.resolve([])
    await until(() => memory.cursor() === 100)
  })
})

describe('stop', () => {
  test('finishes and commits the batch in flight, and takes no other', async () => {
    const memory = memorySource(faces(30))
    const gate = Promise.withResolvers<void>()
    const taken: number[] = []
    const take = async (entries: Entry[]) => {
      taken.push(...seqs(entries))
      await gate.promise
      return []
    }
    const consumer = start(memory, { take })
    await until(() => taken.length === 10)
    const stopped = consumer.stop()
    gate.resolve()
    await stopped
    expect(memory.cursor()).toBe(10)
    expect(taken).toHaveLength(10)
  })

  test('does not wait for a batch that never ends, and commits nothing afterwards', async () => {
    const memory = memorySource(faces(10))
    const gate = Promise.withResolvers<void>()
    const take = () => gate.promise.then(() => [])
    const consumer = start(memory, { take, stopTimeoutMs: 20 })
    await until(() => consumer.state().unsettled === 10)
    await consumer.stop()
    gate.resolve()
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(memory.cursor()).toBe(0)
  })

  test('ends at once while it waits for something that is out of order, and when idle', async () => {
    const waiting = start(memorySource(faces(10)), {
      take: async () => {
        throw down
      },
      retry: { firstMs: 60_000, lastMs: 60_000, poisonTries: 3 },
    })
    await until(() => waiting.state().lastError !== undefined)
    const idle = start(memorySource([]), { pollMs: 60_000 })
    const startedMs = performance.now()
    await waiting.stop()
    await idle.stop()
    expect(performance.now() - startedMs).toBeLessThan(2000)
  })
})
