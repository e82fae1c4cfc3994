import { monotonicMs } from '../../gateway/clock.ts'
import { toResponsePoint } from '../../gateway/influx/response-point.ts'
import { concurrentBatches, createInfluxWriter, createPointWriter } from '../../gateway/influx/writer.ts'
import { type Consumer, startConsumer } from '../../gateway/journal/consumer.ts'
import type { ConsumerSource, Numbered } from '../../gateway/journal/journal.ts'
import type { Masking } from '../../gateway/journal/versions.ts'
import { silentLog as log } from '../../gateway/log.ts'
import type { Caller } from '../../gateway/sqlite/database.ts'
import { journalReader } from '../../gateway/sqlite/journal-reader.ts'
import type { WriteProcedures } from '../../gateway/sqlite/procedures.ts'
import { responseReader, responsesConsumer } from '../../gateway/sqlite/responses.ts'
import type { Life } from './universe.ts'
import type { World } from './world.ts'

/** The Influx writer's thread as wiring/influx-thread.ts wires it, without the thread: two consumers, and the way to InfluxDB simulated. */
const batchSize = 50

export function startConsumers(
  world: World,
  life: Life,
  masking: Masking,
  storage: Caller<WriteProcedures>,
): Pick<Consumer, 'wake' | 'stop'> {
  const db = world.disk.reader
  const reader = journalReader(db)
  const connect = () => world.influx.connection(life)
  const settings = { url: 'http://simulated', database: 'simulated', timeoutMs: 10_000 }
  const sourceOf = <E extends Numbered>(
    consumer: string,
    read: (after: number, limit: number) => E[],
  ): ConsumerSource<E> => ({
    cursor: async () => reader.cursor(consumer),
    read: async (after, limit) => read(after, limit),
    commit: progress => storage.call('advance', { consumer, progress }),
  })
  const writer = createInfluxWriter({ settings, masking, log, connect })
  const running = startConsumer({
    name: 'influx',
    source: sourceOf('influx', reader.read),
    take: writer.take,
    concurrency: concurrentBatches,
    ...{ batchSize, log, clock: monotonicMs },
  })
  const responseWriter = createPointWriter({ settings, toPoint: toResponsePoint, log, connect })
  const responding = startConsumer({
    name: responsesConsumer,
    source: sourceOf(responsesConsumer, responseReader(db).responsesAfter),
    take: responseWriter.take,
    ...{ batchSize, log, clock: monotonicMs },
  })
  return {
    wake: running.wake,
    async stop() {
      await Promise.all([running.stop(), responding.stop()])
      writer.close()
      responseWriter.close()
    },
  }
}
