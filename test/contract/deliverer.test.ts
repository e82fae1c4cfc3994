import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import type { Settled } from '../../gateway/alarms/delivery.ts'
import { faultMessage } from '../../gateway/alarms/message.ts'
import { type Database, openDatabase } from '../../gateway/sqlite/database.ts'
import { Deliverer, type DelivererOptions, timeoutMs } from '../../gateway/webhook/deliver.ts'
import { signingKeys } from '../../gateway/webhook/signature.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { accept, endpointSecret, startEndpoint, type TestEndpoint } from '../helpers/endpoint.ts'
import { until } from '../helpers/until.ts'

/** Deliveries on the real storage thread, to a real endpoint; `around` makes the store slow where a test needs it. */
async function start(
  endpoint: TestEndpoint,
  around: (options: DelivererOptions) => Partial<DelivererOptions> = () => ({}),
) {
  const database: Database = await openDatabase(join(temporaryDirectory(), 'journal.sqlite'), error => {
    throw error
  })
  const { read, write } = database
  const settle = (settled: Settled) =>
    write
      .call('commitDesk', {
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
      .then(() => {})
  const options: DelivererOptions = {
    store: { due: query => read.call('due', query), failed: attempt => write.call('deliveryFailed', attempt) },
    targets: [{ id: 'centre', url: endpoint.url, keys: signingKeys(endpointSecret) }],
    clock: Date.now,
    random: Math.random,
    log: pino({ level: 'silent' }),
    settle,
    onRefusing: () => {},
    onFailing: () => {},
    onClockDiffers: () => {},
    onAttempt: () => {},
  }
  const deliverer = new Deliverer({ ...options, ...around(options) })
  deliverer.start()
  onTestFinished(async () => {
    await deliverer.stop()
    await database.close()
  })
  const tell = async (subject: string) => {
    const fault = { code: 'test', subject, message: subject }
    const due = await write.call('createMessage', faultMessage(randomUUID(), fault, Date.now(), ['centre']))
    deliverer.offer(due)
  }
  const pending = async () => (await read.call('stats', [])).deliveries.pending
  /** As closing an alarm does to what waits of it. */
  const cancel = () => write.call('cancelUnknown', ['nobody'])
  return { deliverer, tell, cancel, pending }
}

async function startReceiver(): Promise<TestEndpoint> {
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  return endpoint
}

test('what a sweep read before a delivery ended is old: it is not sent again', async () => {
  const endpoint = await startReceiver()
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  endpoint.behave((response, told, request) => void answered.then(() => accept(response, told, request)))
  const { promise: mayReturn, resolve: letReturn } = Promise.withResolvers<void>()
  const { promise: hasRead, resolve: read } = Promise.withResolvers<void>()
  let reads = 0
  const { tell, deliverer, pending } = await start(endpoint, ({ store }) => ({
    store: {
      ...store,
      due: async query => {
        const found = await store.due(query)
        if (found.due.length === 0 || reads++ > 0) return found
        read()
        await mayReturn
        return found
      },
    },
  }))
  await tell('first')
  await endpoint.next()
  deliverer.sweep()
  await hasRead
  answer()
  await until(async () => (await pending()) === 0, 'the delivery on disk')
  letReturn()
  await tell('second')
  await endpoint.next(({ message }) => message.subject === 'second')
  expect(endpoint.told.map(({ message }) => message.subject)).toEqual(['first', 'second'])
})

test('more than may be under way at once wait for a place, and all arrive once', async () => {
  const endpoint = await startReceiver()
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  endpoint.behave((response, told, request) => void answered.then(() => accept(response, told, request)))
  const { tell, pending } = await start(endpoint)
  const subjects = Array.from({ length: 100 }, (_, index) => `subject-${index}`)
  await Promise.all(subjects.map(tell))
  await until(() => endpoint.told.length >= 64, 'as many requests as may be under way')
  expect(await pending()).toBe(100)
  expect(endpoint.told).toHaveLength(64)
  answer()
  await until(async () => (await pending()) === 0, 'all delivered')
  expect(endpoint.told.map(({ message }) => message.subject).toSorted()).toEqual(subjects.toSorted())
})

test('stopping is bounded while an endpoint hangs and the disk takes no outcome', async () => {
  const endpoint = await startReceiver()
  endpoint.behave((response, told, request) => {
    if (told.message.subject === 'answered') accept(response, told, request)
  })
  const { promise: onDisk, resolve: write } = Promise.withResolvers<void>()
  const { tell, deliverer } = await start(endpoint, () => ({ settle: () => onDisk }))
  await tell('answered')
  await tell('hanging')
  await endpoint.next(({ message }) => message.subject === 'answered')
  await endpoint.next(({ message }) => message.subject === 'hanging')
  const startedMs = performance.now()
  await deliverer.stop()
  expect(performance.now() - startedMs).toBeLessThan(timeoutMs + 2000)
  write()
})

test('a message whose line was cancelled while it was under way is still not overtaken by the next', async () => {
  const endpoint = await startReceiver()
  const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>()
  endpoint.behave((response, told, request) => {
    if (endpoint.told.length > 1) accept(response, told, request)
    else void mayAnswer.then(() => accept(response, told, request))
  })
  const { tell, cancel } = await start(endpoint)
  await tell('one line')
  await endpoint.next()
  await cancel()
  await tell('one line')
  await tell('another')
  await endpoint.next(({ message }) => message.subject === 'another')
  const subjects = () => endpoint.told.map(({ message }) => message.subject)
  expect(subjects()).toEqual(['one line', 'another'])
  answer()
  await until(() => endpoint.told.length === 3, 'the message that waited')
  expect(subjects()).toEqual(['one line', 'another', 'one line'])
})
