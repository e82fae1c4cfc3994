import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { monotonicMs } from '../clock.ts'
import type { InfluxSettings } from '../config.ts'
import { toResponsePoint } from '../influx/response-point.ts'
import { concurrentBatches, createInfluxWriter, createPointWriter } from '../influx/writer.ts'
import { type ConsumerState, startConsumer } from '../journal/consumer.ts'
import type { ConsumerSource, Numbered } from '../journal/journal.ts'
import { createMasking, type KeyedVersion } from '../journal/versions.ts'
import { createLog } from '../log.ts'
import { callerOn } from '../sqlite/database.ts'
import { journalReader } from '../sqlite/journal-reader.ts'
import { openReader } from '../sqlite/open.ts'
import type { WriteProcedures } from '../sqlite/procedures.ts'
import { responseReader, responsesConsumer } from '../sqlite/responses.ts'

/**
 * The Influx writer's thread, wired flat like gateway.ts: it reads the journal itself, so that no event crosses threads on its
 * way to InfluxDB, and moves its cursor through the storage thread, the only one that writes.
 */
export type InfluxThreadData = {
  file: string
  settings: InfluxSettings
  pseudonymVersions: KeyedVersion[]
  logLevel: string
  writePort: MessagePort
}
export type ToInfluxThread = 'wake' | 'stop'
export type FromInfluxThread =
  | { type: 'state'; state: ConsumerState }
  | { type: 'quarantined'; count: number; reason: string }
  | { type: 'stopped' }

const consumer = 'influx'
const batchSize = 5000
const requestTimeoutMs = 10_000
const stateEveryMs = 500

const data = workerData as InfluxThreadData
const main = parentPort as MessagePort
const tell = (message: FromInfluxThread) => main.postMessage(message)
const log = createLog(data.logLevel)
const db = openReader(data.file)
const reader = journalReader(db)
const storage = callerOn<WriteProcedures>(data.writePort)
const { url, database, username, password } = data.settings
const settings = {
  url,
  database,
  timeoutMs: requestTimeoutMs,
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
}
const sourceOf = <E extends Numbered>(
  consumer: string,
  read: (after: number, limit: number) => E[],
): ConsumerSource<E> => ({
  cursor: async () => reader.cursor(consumer),
  read: async (after, limit) => read(after, limit),
  async commit(progress) {
    await storage.call('advance', { consumer, progress })
    const [first] = progress.quarantined
    if (first !== undefined) tell({ type: 'quarantined', count: progress.quarantined.length, reason: first.reason })
  },
})

const writer = createInfluxWriter({ settings, masking: createMasking(data.pseudonymVersions), log })
const running = startConsumer({
  name: consumer,
  source: sourceOf(consumer, reader.read),
  take: writer.take,
  batchSize,
  concurrency: concurrentBatches,
  log,
  clock: monotonicMs,
})
// Closed alarms are few and in no hurry: the next look finds them.
const responseWriter = createPointWriter({ settings, toPoint: toResponsePoint, log })
const responding = startConsumer({
  name: responsesConsumer,
  source: sourceOf(responsesConsumer, responseReader(db).responsesAfter),
  take: responseWriter.take,
  batchSize,
  log,
  clock: monotonicMs,
})
const reporting = setInterval(() => tell({ type: 'state', state: running.state() }), stateEveryMs)

main.on('message', async (message: ToInfluxThread) => {
  if (message === 'wake') {
    running.wake()
    return
  }
  clearInterval(reporting)
  await Promise.all([running.stop(), responding.stop()])
  writer.close()
  responseWriter.close()
  db.close()
  data.writePort.close()
  tell({ type: 'stopped' })
  main.close()
})
