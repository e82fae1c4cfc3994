import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Message } from '../../gateway/alarms/message.ts'
import { openWriter } from '../../gateway/sqlite/open.ts'
import { rejectionKeeper } from '../../gateway/sqlite/rejections.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { openSqliteJournal, type SqliteJournal } from '../helpers/journal.ts'
import { accepted, append, appendAll, rejected } from './journal-suite.ts'

const limit = 1000
const at = (receivedAt: number, ids: string[]) => ids.map(id => accepted(id, { receivedAt }))
const seqs = async (store: SqliteJournal): Promise<number[]> =>
  (await (await store.consumer('one')).read(0, 10_000)).map(({ seq }) => seq)
const retain = (store: SqliteJournal, before: number, enabled: string[], atMost = limit) =>
  store.database.write.call('retainJournal', { before, enabled, limit: atMost })
const pass = async (store: SqliteJournal, name: string, upTo: number, passed: number) =>
  (await store.consumer(name)).commit({ upTo, passed, quarantined: [] })

describe('the journal', () => {
  test('what is old and passed by every enabled consumer goes; what is young, or waited for, stays', async () => {
    const store = await openSqliteJournal(temporaryDirectory())
    await appendAll(store.journal, [...at(100, ['a', 'b', 'c']), ...at(200, ['d', 'e'])])
    await pass(store, 'one', 5, 5)
    await pass(store, 'two', 2, 2)
    expect(await retain(store, 150, ['one', 'two'])).toBe(2)
    expect(await seqs(store)).toEqual([3, 4, 5])
    await pass(store, 'two', 4, 2)
    expect(await retain(store, 150, ['one', 'two'])).toBe(1)
    expect(await seqs(store)).toEqual([4, 5])
    expect(await retain(store, 201, ['one', 'two'])).toBe(1)
    expect(await seqs(store)).toEqual([5])
    expect(await store.stats(['one', 'two'])).toMatchObject({
      accepted: 5,
      consumers: { one: { done: 5, pending: 0 }, two: { done: 4, pending: 1 } },
    })
    await store.close()
  })

  test('an enabled consumer that has passed nothing yet holds everything', async () => {
    const store = await openSqliteJournal(temporaryDirectory())
    await appendAll(store.journal, at(100, ['a', 'b']))
    await pass(store, 'one', 2, 2)
    expect(await retain(store, 150, ['one', 'new'])).toBe(0)
    expect(await seqs(store)).toEqual([1, 2])
    await store.close()
  })

  test('a call takes no more than its limit, from the front, and says by it that there is more', async () => {
    const store = await openSqliteJournal(temporaryDirectory())
    await appendAll(store.journal, at(100, ['a', 'b', 'c', 'd', 'e']))
    await pass(store, 'one', 5, 5)
    expect(await retain(store, 150, ['one'], 2)).toBe(2)
    expect(await seqs(store)).toEqual([3, 4, 5])
    expect(await retain(store, 150, ['one'], 2)).toBe(2)
    expect(await retain(store, 150, ['one'], 2)).toBe(1)
    expect(await seqs(store)).toEqual([])
    await store.close()
  })

  test('where the clock was set back, a young entry before an old one is not taken with it', async () => {
    const store = await openSqliteJournal(temporaryDirectory())
    await appendAll(store.journal, [...at(100, ['a']), ...at(300, ['b']), ...at(120, ['c']), ...at(310, ['d'])])
    await pass(store, 'one', 4, 4)
    await store.consumer('behind')
    await retain(store, 200, ['one'])
    expect(await seqs(store)).toEqual([2, 3, 4])
    expect((await store.stats(['one', 'behind'])).consumers).toEqual({
      one: { done: 4, pending: 0, quarantined: 0 },
      behind: { done: 1, pending: 3, quarantined: 0 },
    })
    await store.close()
  })

  test('an id is a duplicate as long as its entry is kept, and new again afterwards', async () => {
    const dir = temporaryDirectory()
    const first = await openSqliteJournal(dir)
    const ids = Array.from({ length: 3000 }, (_, n) => `e-${n}`)
    await appendAll(first.journal, at(100, ids))
    await appendAll(first.journal, at(200, ['young']))
    expect((await appendAll(first.journal, at(200, ids))).every(({ result }) => result === 'duplicate')).toBe(true)
    await pass(first, 'one', 3001, 3001)
    while ((await retain(first, 150, ['one'])) >= limit);
    expect(await appendAll(first.journal, at(300, ['young', 'e-0', 'e-0', 'e-2999']))).toEqual([
      { result: 'duplicate', seq: 3001 },
      { result: 'stored', seq: 3002 },
      { result: 'duplicate', seq: 3002 },
      { result: 'stored', seq: 3003 },
    ])
    await first.close()
    const second = await openSqliteJournal(dir)
    expect(await appendAll(second.journal, at(300, ['e-0', 'e-1', 'young']))).toEqual([
      { result: 'duplicate', seq: 3002 },
      { result: 'stored', seq: 3004 },
      { result: 'duplicate', seq: 3001 },
    ])
    await second.close()
  })

  test('numbers go on when everything was deleted', async () => {
    const dir = temporaryDirectory()
    const first = await openSqliteJournal(dir)
    await appendAll(first.journal, at(100, ['a', 'b']))
    await pass(first, 'one', 2, 2)
    await retain(first, 150, ['one'])
    await first.close()
    const second = await openSqliteJournal(dir)
    expect(await append(second.journal, accepted('c'))).toEqual({ result: 'stored', seq: 3 })
    await second.close()
  })

  test('a consumer that comes late counts what is gone as done, and reads what is there', async () => {
    const store = await openSqliteJournal(temporaryDirectory())
    await appendAll(store.journal, [...at(100, ['a', 'b', 'c']), ...at(200, ['d'])])
    await pass(store, 'one', 4, 4)
    await retain(store, 150, ['one'])
    const late = await store.consumer('late')
    expect((await late.read(await late.cursor(), 10)).map(({ seq }) => seq)).toEqual([4])
    expect((await store.stats(['late'])).consumers.late).toEqual({ done: 3, pending: 1, quarantined: 0 })
    await store.close()
  })

  test('a consumer that was disabled holds nothing, and conserves when it is enabled again', async () => {
    const store = await openSqliteJournal(temporaryDirectory())
    await appendAll(store.journal, at(100, ['a', 'b', 'c', 'd']))
    await pass(store, 'one', 4, 4)
    const paused = await store.consumer('paused')
    await paused.commit({ upTo: 2, passed: 2, quarantined: [{ seq: 2, reason: 'bad' }] })
    await appendAll(store.journal, at(200, ['e']))
    expect(await retain(store, 150, ['one'])).toBe(4)
    expect((await store.stats(['paused'])).consumers.paused).toEqual({ done: 3, pending: 1, quarantined: 1 })
    const again = await store.consumer('paused')
    expect((await again.read(await again.cursor(), 10)).map(({ seq }) => seq)).toEqual([5])
    await again.commit({ upTo: 5, passed: 1, quarantined: [] })
    expect((await store.stats(['paused'])).consumers.paused).toEqual({ done: 4, pending: 0, quarantined: 1 })
    await store.close()
  })

  test('stats conserve at each step, whatever retention, consumers and appends do', async () => {
    const step = fc.oneof(
      fc.record({
        append: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 6 }),
        clock: fc.nat(9),
      }),
      fc.record({ consume: fc.constantFrom('one', 'two', 'three'), limit: fc.integer({ min: 1, max: 8 }) }),
      fc.record({ retain: fc.nat(9), enabled: fc.subarray(['one', 'two', 'three']), limit: fc.constantFrom(2, 100) }),
    )
    const store = await openSqliteJournal(temporaryDirectory())
    const enrolled = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async steps => {
        for (const step of steps) {
          if ('append' in step) {
            // The clock goes forward and back.
            const publishes = step.append.map(n =>
              n === 30 ? rejected() : accepted(`e-${n}`, { receivedAt: step.clock }),
            )
            await appendAll(store.journal, publishes)
          } else if ('consume' in step) {
            enrolled.add(step.consume)
            const source = await store.consumer(step.consume)
            const entries = await source.read(await source.cursor(), step.limit)
            const last = entries.at(-1)
            if (last !== undefined) await source.commit({ upTo: last.seq, passed: entries.length, quarantined: [] })
          } else await retain(store, step.retain, step.enabled, step.limit)

          const {
            received,
            accepted: stored,
            duplicate,
            rejected: refused,
            consumers,
          } = await store.stats([...enrolled])
          expect(received).toBe(stored + duplicate + refused)
          for (const { done, pending, quarantined } of Object.values(consumers))
            expect(done + pending + quarantined).toBe(stored)
        }
      }),
      { numRuns: 20, seed: 20_251_124, endOnFailure: true },
    )
    await store.close()
  })

  test('a device keeps its last 1,000 rejections, all are counted, and they age too', async () => {
    const store = await openSqliteJournal(temporaryDirectory())
    const many = (count: number, device: string, receivedAt = 100) =>
      Array.from({ length: count }, () => rejected({ device, receivedAt }))
    await appendAll(store.journal, many(10, 'quiet'))
    for (const minute of [0, 1, 2]) await appendAll(store.journal, many(402, 'noisy', minute * 60_000 + 100))
    const kept = async (device: string) => {
      const { items } = await store.database.read.call('rejections', { device, limit: 5000, before: 1e9 })
      return items.map(({ seq }) => seq)
    }
    expect(await kept('quiet')).toEqual(Array.from({ length: 10 }, (_, n) => 10 - n))
    expect(await kept('noisy')).toEqual(Array.from({ length: 1000 }, (_, n) => 1216 - n))
    expect(await store.stats([])).toMatchObject({ received: 1216, rejected: 1216 })
    expect(await retain(store, 120_000, ['one'], 500)).toBe(500)
    expect(await retain(store, 120_000, ['one'], 500)).toBe(108)
    expect(await kept('quiet')).toEqual([])
    expect(await kept('noisy')).toEqual(Array.from({ length: 402 }, (_, n) => 1216 - n))
    expect(await store.stats([])).toMatchObject({ received: 1216, rejected: 1216 })
    await store.close()
  })

  test('a flood of rejections: 500 of a device and minute are kept, all are numbered and counted, others lose none', async () => {
    const store = await openSqliteJournal(temporaryDirectory())
    const many = (count: number, device: string) =>
      Array.from({ length: count }, () => rejected({ device, receivedAt: 100 }))
    const outcomes = await appendAll(store.journal, many(5000, 'flooding'))
    expect(outcomes.map(({ seq }) => seq)).toEqual(Array.from({ length: 5000 }, (_, n) => n + 1))
    expect(await append(store.journal, accepted('after'))).toEqual({ result: 'stored', seq: 5001 })
    await appendAll(store.journal, many(3, 'quiet'))
    const { items } = await store.database.read.call('rejections', { limit: 5000, before: 1e9 })
    expect(items.map(({ device }) => device)).toEqual([...Array(3).fill('quiet'), ...Array(500).fill('flooding')])
    expect(await store.stats([])).toMatchObject({ received: 5004, accepted: 1, rejected: 5003 })
    await store.close()
  })

  test('rejections of all devices have a bound in bytes: the oldest go', () => {
    const db = openWriter(`${temporaryDirectory()}/journal.sqlite`)
    const keeper = rejectionKeeper(db, 100_000)
    const kept = () => db.prepare('SELECT seq, length(payload) + 1024 AS bytes FROM rejection ORDER BY seq').all()
    for (let seq = 1; seq <= 200; seq++) {
      const { reason, topic, site } = rejected()
      const payload = new Uint8Array(1000 + ((seq * 7919) % 9000))
      expect(keeper.keep({ seq, receivedAt: seq, site, device: `d-${seq % 9}`, topic, reason, payload })).toBe(true)
      keeper.trim()
      const rows = kept() as { seq: number; bytes: number }[]
      const bytes = rows.reduce((sum, row) => sum + row.bytes, 0)
      expect(db.prepare('SELECT bytes FROM rejections_size').get()).toEqual({ bytes })
      expect(bytes).toBeLessThanOrEqual(100_000)
      expect(rows.map(row => row.seq)).toEqual(rows.map((_, n) => seq - rows.length + 1 + n))
    }
    expect(kept().length).toBeGreaterThan(2)
    db.close()
  })
})

describe('deliveries and messages', () => {
  const message = (createdAt: number, endpoints: string[]): Message => {
    const id = randomUUID()
    return { id, type: 'alarm.raised', subject: id, createdAt, body: '{}', endpoints }
  }
  const rows = (store: SqliteJournal) => {
    const db = new DatabaseSync(store.file, { readOnly: true })
    const deliveries = db.prepare('SELECT message, endpoint FROM delivery ORDER BY id').all()
    const messages = db.prepare('SELECT id FROM message').all()
    db.close()
    return {
      deliveries: deliveries.map(({ message, endpoint }) => `${message} ${endpoint}`),
      messages: messages.map(({ id }) => id as string).sort(),
    }
  }
  const create = (store: SqliteJournal, one: Message) => store.database.write.call('createMessage', one)
  const deliver = async (store: SqliteJournal, one: Message, endpoint: string) => {
    const { items } = await store.database.read.call('deliveries', { limit: 1000, before: 1e9 })
    const { id } = items.find(item => item.messageId === one.id && item.endpoint === endpoint)!
    const settled = { deliveryId: id, endpoint, subject: one.subject, at: 500, status: 200, attempts: 1, reply: {} }
    await store.database.write.call('commitDesk', {
      openings: [],
      alarms: [],
      lines: [],
      messages: [],
      settled: [settled],
      responses: [],
      receipts: [],
      audit: [],
      progress: null,
    })
  }
  const forget = (store: SqliteJournal, before: number, atMost = limit) =>
    store.database.write.call('retainDeliveries', { before, limit: atMost })

  test('old ones go with their message; pending ones stay with theirs, however old', async () => {
    const store = await openSqliteJournal(temporaryDirectory())
    const [done, waiting, young] = [message(100, ['a', 'b']), message(100, ['a', 'b']), message(900, ['a'])] as const
    for (const one of [done, waiting, young]) await create(store, one)
    await deliver(store, done, 'a')
    await deliver(store, done, 'b')
    await deliver(store, waiting, 'a')
    await deliver(store, young, 'a')
    await forget(store, 800)
    expect(rows(store)).toEqual({
      deliveries: [`${waiting.id} b`, `${young.id} a`],
      messages: [waiting.id, young.id].sort(),
    })
    await deliver(store, waiting, 'b')
    await forget(store, 800)
    expect(rows(store)).toEqual({ deliveries: [`${young.id} a`], messages: [young.id] })
    await store.close()
  })

  test('messages that no delivery points to go, also where their deliveries went in an earlier call or never were', async () => {
    const store = await openSqliteJournal(temporaryDirectory())
    const told = [message(100, ['a', 'b', 'c']), message(101, ['a'])]
    for (const one of told) {
      await create(store, one)
      for (const endpoint of one.endpoints) await deliver(store, one, endpoint)
    }
    await create(store, message(102, []))
    expect(await forget(store, 800, 2)).toBeGreaterThanOrEqual(2)
    expect(rows(store)).toMatchObject({ deliveries: [`${told[0]!.id} c`, `${told[1]!.id} a`] })
    while ((await forget(store, 800, 2)) >= 2);
    expect(rows(store)).toEqual({ deliveries: [], messages: [] })
    await store.close()
  })
})
