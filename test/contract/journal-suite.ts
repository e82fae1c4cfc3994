import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Accepted, ConsumerSource, Journal, Outcome, Publish, Rejected } from '../../gateway/journal/journal.ts'
import type { Stats } from '../../schemas/api.ts'
import { kinds } from '../../schemas/events/kinds.ts'
import { temporaryDirectory } from '../helpers/directory.ts'

/** What the suite needs of a store. */
export type JournalStore = {
  journal: Journal
  /** Enrolled, if it was not yet. */
  consumer(name: string): Promise<ConsumerSource>
  stats(consumers: string[]): Promise<Pick<Stats, 'received' | 'accepted' | 'duplicate' | 'rejected' | 'consumers'>>
  /** The highest number on disk, asked at once and past everything that this store keeps in memory. */
  lastOnDisk(): number
  close(): Promise<void>
}

/** Opens the store that lives in `dir`, or makes it. Tests that fail leave it open. */
export type OpenJournal = (dir: string) => Promise<JournalStore>

const receivedAt = 1_790_000_000_000
const came = { receivedAt, site: 'school-01', siteKind: 'school', device: 'button-1' } as const
const encoder = new TextEncoder()

export const accepted = (id: string | null, more: Partial<Accepted> = {}): Accepted => ({
  ...came,
  kind: id === null ? 'heartbeat' : 'telemetry',
  id,
  at: receivedAt - 250,
  skewMs: null,
  payload: encoder.encode(JSON.stringify({ id, data: { metrics: { t: 1 } } })),
  ...more,
})
export const rejected = (more: Partial<Rejected> = {}): Rejected => ({
  ...came,
  topic: 'gh/v1/school-01/button-1/event/telemetry',
  reason: 'data: is missing',
  payload: encoder.encode('{"id":"x"}'),
  ...more,
})

export const append = (journal: Journal, publish: Publish): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    journal.append(publish, (error, outcome) => (outcome === undefined ? reject(error) : resolve(outcome)))
  })
export const appendAll = (journal: Journal, publishes: Publish[]): Promise<Outcome[]> =>
  Promise.all(publishes.map(publish => append(journal, publish)))

/** The promises of gateway/journal/journal.ts. Every store must keep them. */
export function journalContract(open: OpenJournal): void {
  const openNew = () => open(temporaryDirectory())

  describe('append', () => {
    test('done runs in the order of a device’s appends, each once its entry is on disk', async () => {
      const { journal, lastOnDisk, close } = await openNew()
      const order: number[] = []
      const early: number[] = []
      const publishes = Array.from({ length: 3000 }, (_, n) => (n % 7 === 3 ? rejected() : accepted(`e-${n}`)))
      await new Promise<void>(resolve => {
        for (const [index, publish] of publishes.entries())
          journal.append(publish, (_error, outcome) => {
            order.push(index)
            if (outcome === undefined || outcome.seq > lastOnDisk()) early.push(index)
            if (order.length === publishes.length) resolve()
          })
        expect(order).toEqual([])
      })
      // One at a time, a commit is the longest step there is.
      for (let n = 0; n < 200; n++)
        await new Promise<void>(resolve => {
          journal.append(accepted(`alone-${n}`), (_error, outcome) => {
            if (outcome === undefined || outcome.seq > lastOnDisk()) early.push(publishes.length + n)
            resolve()
          })
        })
      expect(order).toEqual(publishes.map((_, index) => index))
      expect(early).toEqual([])
      await close()
    })

    test('an alarm overtakes what waits, also of its own device; answers keep the order of each device', async () => {
      const { journal, close } = await openNew()
      const telling: string[] = []
      const answers = new Map<string, Outcome>()
      const append = (publish: Publish & { id?: string | null }) =>
        new Promise<void>((resolve, reject) =>
          journal.append(publish, (error, outcome) => {
            if (outcome === undefined) return reject(error)
            telling.push(`${publish.device} ${publish.id}`)
            answers.set(`${publish.device} ${publish.id}`, outcome)
            resolve()
          }),
        )
      const flood = Array.from({ length: 5000 }, (_, n) => accepted(`e-${n}`))
      const waiting = flood.map(append)
      waiting.push(append(accepted('own', { kind: 'alarm' })))
      waiting.push(append(accepted('after')))
      waiting.push(append(accepted('other', { kind: 'alarm', device: 'button-2' })))
      waiting.push(append(accepted('late', { device: 'button-3' })))
      await Promise.all(waiting)
      const seq = (name: string) => answers.get(name)!.seq
      expect(seq('button-1 own')).toBeLessThan(3)
      expect(seq('button-2 other')).toBeLessThan(3)
      // It has its turn long before the backlog of the first is through.
      expect(seq('button-3 late')).toBeLessThan(1000)
      expect(telling.filter(name => name.startsWith('button-1'))).toEqual(
        [...flood.map(({ id }) => id), 'own', 'after'].map(id => `button-1 ${id}`),
      )
      expect(telling.indexOf('button-2 other')).toBeLessThan(3000)
      await close()
    })

    test('numbers go up by one, and rejections share them', async () => {
      const { journal, close } = await openNew()
      const outcomes = await appendAll(journal, [accepted('a'), rejected(), accepted(null), rejected(), accepted('b')])
      expect(outcomes).toEqual([
        { result: 'stored', seq: 1 },
        { result: 'rejected', seq: 2 },
        { result: 'stored', seq: 3 },
        { result: 'rejected', seq: 4 },
        { result: 'stored', seq: 5 },
      ])
      await close()
    })

    test('numbers go on after it was opened again', async () => {
      const dir = temporaryDirectory()
      const first = await open(dir)
      await appendAll(first.journal, [accepted('a'), rejected()])
      await first.close()
      const second = await open(dir)
      expect(await append(second.journal, accepted('b'))).toEqual({ result: 'stored', seq: 3 })
      await second.close()
    })

    test('the same id of a device again gives the first number and changes nothing, in one batch, later and after a restart', async () => {
      const dir = temporaryDirectory()
      const first = await open(dir)
      const other = accepted('a', { payload: encoder.encode('{"id":"a","data":{"metrics":{"t":2}}}'), kind: 'access' })
      expect(await appendAll(first.journal, [rejected(), accepted('a'), other, accepted('b')])).toEqual([
        { result: 'rejected', seq: 1 },
        { result: 'stored', seq: 2 },
        { result: 'duplicate', seq: 2 },
        { result: 'stored', seq: 3 },
      ])
      expect(await append(first.journal, other)).toEqual({ result: 'duplicate', seq: 2 })
      await first.close()

      const { journal, consumer, stats, close } = await open(dir)
      expect(await append(journal, other)).toEqual({ result: 'duplicate', seq: 2 })
      expect(await append(journal, accepted('c'))).toEqual({ result: 'stored', seq: 4 })
      const entries = await (await consumer('reader')).read(0, 100)
      expect(entries.map(({ seq, id, kind, payload }) => [seq, id, kind, payload])).toEqual(
        ['a', 'b', 'c'].map((id, n) => [n + 2, id, 'telemetry', `{"id":"${id}","data":{"metrics":{"t":1}}}`]),
      )
      expect(await stats([])).toMatchObject({ received: 7, accepted: 3, duplicate: 3, rejected: 1 })
      await close()
    })

    test('each of thousands of ids is known again, before and after a restart', async () => {
      const dir = temporaryDirectory()
      const ids = Array.from({ length: 3000 }, (_, n) =>
        accepted(`e-${(n * 7919) % 3000}`, { device: `button-${n % 7}` }),
      )
      const first = await open(dir)
      const stored = await appendAll(first.journal, ids)
      expect(stored.map(({ seq }) => seq).sort((one, other) => one - other)).toEqual(ids.map((_, n) => n + 1))
      expect(new Set(stored.map(({ result }) => result))).toEqual(new Set(['stored']))
      const again = stored.map(({ seq }) => ({ result: 'duplicate', seq }))
      expect(await appendAll(first.journal, ids)).toEqual(again)
      await first.close()
      const second = await open(dir)
      expect(await appendAll(second.journal, ids)).toEqual(again)
      const few = ids.slice(0, 100).map(entry => ({ ...entry, id: `few-${entry.id}` }))
      const outcomes = await appendAll(second.journal, few)
      await second.close()
      const third = await open(dir)
      expect(await appendAll(third.journal, [...few, ...ids])).toEqual([
        ...outcomes.map(({ seq }) => ({ result: 'duplicate', seq })),
        ...again,
      ])
      await third.close()
    })

    test('an id counts per device, and what has none is never a duplicate', async () => {
      const { journal, close } = await openNew()
      const outcomes = await appendAll(journal, [
        accepted('a'),
        accepted('a', { device: 'button-2' }),
        accepted(null),
        accepted(null),
        accepted(null, { device: 'button-2' }),
      ])
      expect(outcomes.map(({ result }) => result)).toEqual(Array.from({ length: 5 }, () => 'stored'))
      expect(outcomes.map(({ seq }) => seq).sort()).toEqual([1, 2, 3, 4, 5])
      await close()
    })
  })

  describe('read', () => {
    test('a reader at work meanwhile misses no number: none appears below one it has seen', async () => {
      const { journal, consumer, close } = await openNew()
      const source = await consumer('reader')
      const total = 4000
      const writing = (async () => {
        for (let n = 0; n < total; n += 50)
          await appendAll(
            journal,
            Array.from({ length: 50 }, (_, k) => (k % 5 === 0 ? rejected() : accepted(`e-${n + k}`))),
          )
      })()
      const seen: number[] = []
      let rounds = 0
      for (let head = 0; seen.length < (total / 5) * 4; rounds++) {
        for (const { seq } of await source.read(head, 500)) seen.push(seq)
        head = seen.at(-1) ?? 0
        await turn()
      }
      await writing
      expect(rounds).toBeGreaterThan(10)
      const all = await source.read(0, 2 * total)
      expect(seen).toEqual(all.map(({ seq }) => seq))
      expect(seen).toEqual([...seen].sort((one, other) => one - other))
      await close()
    })

    test('it gives at most the limit, in order, and passes over rejections', async () => {
      const { journal, consumer, close } = await openNew()
      await appendAll(journal, [accepted('a'), rejected(), rejected(), accepted('b'), accepted('c'), rejected()])
      const source = await consumer('reader')
      const seqs = async (after: number, limit: number) => (await source.read(after, limit)).map(({ seq }) => seq)
      expect(await seqs(0, 2)).toEqual([1, 4])
      expect(await seqs(1, 10)).toEqual([4, 5])
      expect(await seqs(5, 10)).toEqual([])
      await close()
    })

    test('everything of an entry comes back as it went in, its payload to the byte', async () => {
      const { journal, consumer, close } = await openNew()
      const big = `{"id":"big","x":"${'梁'.repeat(10)}${'y'.repeat(65_536 - 19 - 30)}"}`
      const texts = ['{}', '{"a":"👨‍👩‍👧 \\u0000 é é 一键报警"}', ' {\n"a" :1.0e0}\t', big]
      expect(encoder.encode(big).byteLength).toBe(65_536)
      const entries = kinds.flatMap((kind, k) =>
        texts.map((text, n) =>
          accepted(kind === 'heartbeat' || kind === 'status' ? null : `${kind}-${n}`, {
            kind,
            site: `site-${k}`,
            siteKind: n % 2 === 0 ? 'compound' : 'kindergarten',
            device: `device-${k}-${n}`,
            at: receivedAt - n,
            receivedAt: receivedAt + k,
            skewMs: n === 2 ? -86_400_000_000 : null,
            payload: encoder.encode(text),
          }),
        ),
      )
      const outcomes = await appendAll(journal, entries)
      const read = await (await consumer('reader')).read(0, 1000)
      expect(read).toEqual(
        entries
          .map((entry, n) => ({ ...entry, seq: outcomes[n]?.seq, payload: new TextDecoder().decode(entry.payload) }))
          .sort((one, other) => one.seq! - other.seq!),
      )
      await close()
    })
  })

  describe('consumers', () => {
    test('a cursor moves forward, also over a restart; progress made already neither moves it back nor counts again', async () => {
      const dir = temporaryDirectory()
      const first = await open(dir)
      await appendAll(
        first.journal,
        ['a', 'b', 'c', 'd'].map(id => accepted(id)),
      )
      const source = await first.consumer('one')
      expect(await source.cursor()).toBe(0)
      await source.commit({ upTo: 3, passed: 3, quarantined: [] })
      await source.commit({ upTo: 3, passed: 3, quarantined: [] })
      await source.commit({ upTo: 2, passed: 2, quarantined: [{ seq: 2, reason: 'late' }] })
      expect(await source.cursor()).toBe(3)
      await first.close()

      const { consumer, stats, close } = await open(dir)
      expect(await (await consumer('one')).cursor()).toBe(3)
      expect((await stats(['one'])).consumers).toEqual({ one: { done: 3, pending: 1, quarantined: 0 } })
      await close()
    })

    test('what is quarantined is counted apart and stays in the journal', async () => {
      const { journal, consumer, stats, close } = await openNew()
      await appendAll(journal, [accepted('a'), rejected(), accepted('b'), accepted('c')])
      const source = await consumer('one')
      await source.commit({ upTo: 3, passed: 2, quarantined: [{ seq: 3, reason: 'refused' }] })
      expect((await stats(['one'])).consumers).toEqual({ one: { done: 1, pending: 1, quarantined: 1 } })
      expect((await source.read(0, 10)).map(({ seq }) => seq)).toEqual([1, 3, 4])
      await close()
    })

    test('each has its own cursor, and one that comes late begins at the front', async () => {
      const { journal, consumer, stats, close } = await openNew()
      await appendAll(journal, [accepted('a'), accepted('b')])
      await (await consumer('one')).commit({ upTo: 2, passed: 2, quarantined: [] })
      const late = await consumer('late')
      expect((await late.read(await late.cursor(), 10)).map(({ seq }) => seq)).toEqual([1, 2])
      expect((await stats(['one', 'late'])).consumers).toEqual({
        one: { done: 2, pending: 0, quarantined: 0 },
        late: { done: 0, pending: 2, quarantined: 0 },
      })
      await close()
    })
  })

  describe('stats', () => {
    test('nothing is lost or made up, whatever happens in whatever order', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { minLength: 20, maxLength: 60, size: 'max' }), async operations => {
          const dir = temporaryDirectory()
          const world: World = { store: await open(dir), reopen: () => open(dir), model: new Model() }
          for (const operation of operations) await carryOut(operation, world)
          await world.store.close()
        }),
        { numRuns: 6, seed: 20_251_124, endOnFailure: true },
      )
    })

    test('they conserve at each moment while appends and commits are under way', async () => {
      const { journal, consumer, stats, close } = await openNew()
      const source = await consumer('one')
      let writing = true
      const writer = (async () => {
        for (let n = 0; n < 60; n++)
          await appendAll(journal, [accepted(`e-${n}`), accepted(`e-${n >> 1}`), rejected(), accepted(null)])
        writing = false
      })()
      const reader = (async () => {
        for (let head = 0; ; ) {
          const entries = await source.read(head, 7)
          head = entries.at(-1)?.seq ?? head
          if (entries.length > 0) await source.commit({ upTo: head, passed: entries.length, quarantined: [] })
          else if (!writing) return
          await turn()
        }
      })()
      let moments = 0
      for (; writing; moments++) expectConserved(await stats(['one']))
      await Promise.all([writer, reader])
      expect(moments).toBeGreaterThan(10)
      const end = await stats(['one'])
      expectConserved(end)
      expect(end.consumers.one?.pending).toBe(0)
      await close()
    })
  })
}

function expectConserved({
  received,
  accepted,
  duplicate,
  rejected,
  consumers,
}: Awaited<ReturnType<JournalStore['stats']>>) {
  expect(received).toBe(accepted + duplicate + rejected)
  for (const { done, pending, quarantined } of Object.values(consumers))
    expect(accepted).toBe(done + pending + quarantined)
}

/** One thing that can happen to a journal. Few ids, so that many of them come again. */
const said = fc.oneof(
  fc.record({ device: fc.constantFrom('button-1', 'button-2'), id: fc.integer({ min: 0, max: 12 }) }),
  fc.constant('heartbeat' as const),
  fc.constant('rejected' as const),
)
const name = fc.constantFrom('one', 'two', 'three')
const operation = fc.oneof(
  { weight: 10, arbitrary: fc.record({ append: fc.array(said, { minLength: 1, maxLength: 12 }) }) },
  { weight: 10, arbitrary: fc.record({ consume: name, limit: fc.integer({ min: 1, max: 9 }), poison: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ repeat: name }) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
)
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never
type World = { store: JournalStore; reopen: () => Promise<JournalStore>; model: Model }

/** What must be the case, kept the simple way. */
class Model {
  last = 0
  received = 0
  duplicate = 0
  rejected = 0
  readonly stored: number[] = []
  readonly first = new Map<string, number>()
  readonly consumers = new Map<string, { cursor: number; done: number; quarantined: number }>()

  /** Which number each gets is the journal's choice (fairness), within what is promised: `carryOut` checks that. */
  append(what: Said, { seq }: Outcome): Outcome {
    this.received++
    const key = typeof what === 'string' ? undefined : `${what.device} ${what.id}`
    const first = key === undefined ? undefined : this.first.get(key)
    if (first !== undefined) {
      this.duplicate++
      return { result: 'duplicate', seq: first }
    }
    if (what === 'rejected') {
      this.rejected++
      return { result: 'rejected', seq }
    }
    if (key !== undefined) this.first.set(key, seq)
    this.stored.push(seq)
    return { result: 'stored', seq }
  }

  stats() {
    const consumers = [...this.consumers].map(([name, { cursor, done, quarantined }]) => [
      name,
      { done, pending: this.stored.filter(seq => seq > cursor).length, quarantined },
    ])
    return {
      received: this.received,
      accepted: this.stored.length,
      duplicate: this.duplicate,
      rejected: this.rejected,
      consumers: Object.fromEntries(consumers),
    }
  }
}

async function carryOut(operation: Operation, world: World): Promise<void> {
  const { store, model } = world
  if (operation === 'reopen') {
    await store.close()
    world.store = await world.reopen()
  } else if ('append' in operation) {
    const publishes = operation.append.map(what => {
      if (what === 'rejected') return rejected()
      return what === 'heartbeat' ? accepted(null) : accepted(`e-${what.id}`, { device: what.device })
    })
    const outcomes = await appendAll(store.journal, publishes)
    expect(outcomes).toEqual(operation.append.map((what, n) => model.append(what, outcomes[n]!)))
    model.stored.sort((one, other) => one - other)
    const fresh = outcomes.map(({ result, seq }, n) => ({
      seq,
      device: publishes[n]!.device,
      isNew: result !== 'duplicate',
    }))
    const numbers = fresh.filter(({ isNew }) => isNew).map(({ seq }) => seq)
    expect([...numbers].sort((one, other) => one - other)).toEqual(numbers.map((_, n) => model.last + 1 + n))
    model.last += numbers.length
    for (const device of ['button-1', 'button-2']) {
      const own = fresh.filter(other => other.isNew && other.device === device).map(({ seq }) => seq)
      expect(own).toEqual([...own].sort((one, other) => one - other))
    }
  } else if ('repeat' in operation) {
    const known = model.consumers.get(operation.repeat)
    if (known === undefined) return
    const source = await store.consumer(operation.repeat)
    await source.commit({ upTo: known.cursor, passed: 1, quarantined: [] })
  } else {
    const { consume, limit, poison } = operation
    const known = model.consumers.get(consume) ?? { cursor: 0, done: 0, quarantined: 0 }
    model.consumers.set(consume, known)
    const source = await store.consumer(consume)
    expect(await source.cursor()).toBe(known.cursor)
    const seqs = (await source.read(known.cursor, limit)).map(({ seq }) => seq)
    expect(seqs).toEqual(model.stored.filter(seq => seq > known.cursor).slice(0, limit))
    const last = seqs.at(-1)
    if (last === undefined) return
    const quarantined = poison ? [{ seq: last, reason: 'poison' }] : []
    await source.commit({ upTo: last, passed: seqs.length, quarantined })
    known.cursor = last
    known.done += seqs.length - quarantined.length
    known.quarantined += quarantined.length
  }
  expect(await world.store.stats([...model.consumers.keys()])).toMatchObject(model.stats())
}
