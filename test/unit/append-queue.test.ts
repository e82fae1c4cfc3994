import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SequenceGaps } from '../../gateway/devices/sequence.ts'
import type { Accepted, Publish } from '../../gateway/journal/journal.ts'
import type { AppendBatch, AppendResult } from '../../gateway/sqlite/append-batch.ts'
import { type AppendHooks, AppendQueue } from '../../gateway/sqlite/append-queue.ts'
import type { Caller, Together } from '../../gateway/sqlite/database.ts'
import type { WriteProcedures } from '../../gateway/sqlite/procedures.ts'
import { accepted } from '../contract/journal-suite.ts'
import { until } from '../helpers/until.ts'

/** The storage thread is the test: it sees what it is given, and answers when it wants to. */
class HeldThread {
  readonly given: { batch: AppendBatch; answer: (result: AppendResult) => void; fail: (error: Error) => void }[] = []
  #seq = 0
  readonly caller = {
    call: (_name: string, batch: AppendBatch) =>
      new Promise((answer, fail) => void this.given.push({ batch, answer, fail })),
    together: (ask: () => unknown) => ask(),
  } as unknown as Caller<WriteProcedures> & Together

  ids(index: number): (string | null)[] {
    return this.given[index]?.batch.ids ?? []
  }

  async commit(): Promise<void> {
    const { batch, answer } = this.given.shift()!
    answer({
      seqs: Float64Array.from({ length: batch.count }, () => ++this.#seq),
      results: new Uint8Array(batch.count),
      workMs: 1,
    })
    await turn()
  }
}

function held(hooks: AppendHooks = {}) {
  const thread = new HeldThread()
  const journal = new AppendQueue(thread.caller, hooks)
  const told: string[] = []
  const append = (publish: Publish) =>
    journal.append(publish, error =>
      told.push(`${publish.device} ${(publish as Accepted).id}${error ? ' failed' : ''}`),
    )
  return { thread, journal, told, append }
}
const event = (device: string, id: string, more: Partial<Accepted> = {}) => accepted(id, { device, ...more })
const alarm = (device: string, id: string, more: Partial<Accepted> = {}) =>
  event(device, id, { kind: 'alarm', ...more })

test('two batches are on their way, no more; an alarm goes beside them at once and alone', async () => {
  const { thread, journal, append } = held()
  for (const id of ['a', 'b', 'c']) {
    append(event('flood', id))
    await turn()
  }
  expect(thread.given.map((_, index) => thread.ids(index))).toEqual([['a'], ['b']])
  append(alarm('quiet', 'help'))
  await turn()
  expect(thread.ids(2)).toEqual(['help'])
  append(alarm('other', 'help-2'))
  await turn()
  expect(thread.given).toHaveLength(3)
  expect(journal.queued).toBe(5)
  // What is no alarm isn't sent behind one, though a place is free.
  await thread.commit()
  expect(thread.given.map((_, index) => thread.ids(index))).toEqual([['b'], ['help']])
  await thread.commit()
  await thread.commit()
  expect(thread.given.map((_, index) => thread.ids(index))).toEqual([['help-2'], ['c']])
})

test('an alarm is stored and told of while a backlog still waits', async () => {
  const stored: (string | null)[] = []
  const { thread, journal, append } = held({
    onStored: publishes => stored.push(...publishes.map(publish => (publish as Accepted).id)),
  })
  for (let n = 0; n < 20_000; n++) append(event('flood', `e-${n}`))
  await turn()
  append(alarm('quiet', 'help'))
  await turn()
  for (const _ of [1, 2, 3]) await thread.commit()
  expect(stored.indexOf('help')).toBeLessThanOrEqual(2 * 1024)
  expect(stored).toContain('help')
  expect(journal.queued).toBeGreaterThan(15_000)
})

test('a device with three events is through in the next batch, before a backlog that came first', async () => {
  const { thread, append } = held()
  for (let n = 0; n < 5000; n++) append(event('flood', `e-${n}`))
  await turn()
  for (const id of ['a', 'b', 'c']) append(event('quiet', id))
  await thread.commit()
  expect(thread.ids(1)).toEqual(expect.arrayContaining(['a', 'b', 'c']))
})

test('alarms without end of some devices: each has its turn, and what is no alarm isn’t forgotten', async () => {
  const { thread, append } = held()
  for (let n = 0; n < 5000; n++) append(alarm(`flood-${n % 2}`, `a-${n}`))
  append(alarm('quiet', 'help'))
  append(event('quiet', 'heartbeat'))
  await turn()
  expect(thread.ids(0).indexOf('help')).toBeLessThan(3)
  // It waits for them a tenth of a second at most.
  await until(() => thread.given.some(({ batch }) => batch.ids.includes('heartbeat')), 'the heartbeat')
  expect(thread.given).toHaveLength(2)
})

test('an alarm that overtook its own device: answered and heard in the order in which the device spoke, so no gap is made up', async () => {
  const heard: string[] = []
  const gaps = new SequenceGaps()
  const { thread, told, append } = held({
    onHeard(publish) {
      heard.push((publish as Accepted).id as string)
      gaps.heard(publish.device, publish.deviceSeq as number, false, 0)
    },
  })
  // The first two are on their way; the others wait, and the alarms pass them.
  for (const n of [1, 2]) {
    append(event('d', `e-${n}`, { deviceSeq: n }))
    await turn()
  }
  for (const n of [3, 4]) append(event('d', `e-${n}`, { deviceSeq: n }))
  append(alarm('d', 'a-5', { deviceSeq: 5 }))
  append(event('d', 'e-6', { deviceSeq: 6 }))
  append(alarm('d', 'a-7', { deviceSeq: 7 }))
  append(event('d', 'e-8', { deviceSeq: 8 }))
  await turn()
  expect(thread.ids(2)).toEqual(['a-5', 'a-7'])
  // The alarms' commit is answered before all that was sent earlier.
  const [first, second, alarms] = thread.given.splice(0, 3)
  thread.given.push(alarms!, first!, second!)
  await thread.commit()
  expect(told).toEqual([])
  while (thread.given.length > 0) await thread.commit()
  const inOrder = ['e-1', 'e-2', 'e-3', 'e-4', 'a-5', 'e-6', 'a-7', 'e-8']
  expect(told).toEqual(inOrder.map(id => `d ${id}`))
  expect(heard).toEqual(inOrder)
  expect(gaps.missing('d')).toBe(0)
})

test('a commit that fails: its publishes fail in their turn, each once, and what overtook them is stored', async () => {
  const failures: string[] = []
  const { thread, journal, told, append } = held({ onFailure: error => failures.push(error.message) })
  for (const id of ['a', 'b', 'c']) {
    append(event('d', id))
    await turn()
  }
  append(alarm('d', 'help'))
  await turn()
  const drained = journal.drained()
  const [first] = thread.given.splice(0, 1)
  first!.fail(new Error('the disk is full'))
  await turn()
  expect(told).toEqual(['d a failed'])
  while (thread.given.length > 0) await thread.commit()
  await drained
  expect(told).toEqual(['d a failed', 'd b', 'd c', 'd help'])
  expect(failures).toEqual(['the disk is full'])
  expect(journal.queued).toBe(0)
})

test('past the bound a publish is refused at once, an alarm is not yet', () => {
  const { told, append } = held()
  const payload = new Uint8Array(4 * 1024 * 1024)
  for (let n = 0; n < 80; n++) append(event('d', `e-${n}`, { payload }))
  expect(told.length).toBeGreaterThan(0)
  const refused = told.length
  append(alarm('d', 'help', { payload }))
  expect(told).toHaveLength(refused)
  for (let n = 0; n < 20; n++) append(alarm('d', `a-${n}`, { payload }))
  expect(told.at(-1)).toBe('d a-19 failed')
})

test('alarms go no faster than they are followed: who has one ahead waits once there are many, everybody else does not', async () => {
  const { thread, journal, told, append } = held({ pacesAlarms: true })
  for (let n = 0; n < 500; n++) append(alarm('flood', `a-${n}`))
  append(event('flood', 'e'))
  await turn()
  expect(thread.ids(0)).toHaveLength(64)
  await until(() => thread.ids(1).includes('e'), 'what is no alarm')
  await thread.commit()
  await thread.commit()
  append(alarm('quiet', 'help'))
  append(alarm('quiet', 'again'))
  await turn()
  // One beside the flood's; the next once it was followed.
  expect(thread.ids(0)).toEqual(['help'])
  await thread.commit()
  expect(thread.given).toHaveLength(0)
  expect(told).toEqual([...Array.from({ length: 64 }, (_, n) => `flood a-${n}`), 'quiet help'])

  journal.passed(10)
  expect(thread.ids(0)).toHaveLength(64 - (64 + 1 - 10))
  expect(thread.ids(0)).toContain('again')
  await thread.commit()
  // Whoever follows no more holds up no stop.
  const drained = journal.drained()
  while (thread.given.length > 0) await thread.commit()
  await drained
  expect(told.filter(one => one.startsWith('flood'))).toEqual([
    ...Array.from({ length: 500 }, (_, n) => `flood a-${n}`),
    'flood e',
  ])
})

test('alarms that were there before are not waited for', async () => {
  const { thread, told, append } = held({ pacesAlarms: true })
  for (let n = 0; n < 200; n++) append(alarm('d', `a-${n}`))
  await turn()
  for (let n = 0; n < 10 && thread.given.length > 0; n++) {
    const { batch, answer } = thread.given.shift()!
    answer({ seqs: new Float64Array(batch.count).fill(1), results: new Uint8Array(batch.count).fill(1), workMs: 1 })
    await turn()
  }
  expect(told).toHaveLength(200)
})
