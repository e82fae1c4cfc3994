import type { IPoint } from 'influx'
import { monotonicMs } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import type { Entry, Numbered } from '../journal/journal.ts'
import type { Taken } from '../journal/take.ts'
import type { Masking } from '../journal/versions.ts'
import type { Log } from '../log.ts'
import { type Connection, createConnection, type InfluxSettings } from './connection.ts'
import { type Sent, writeHalving } from './halving.ts'
import { toPoint } from './points.ts'
import { createSuspects } from './suspects.ts'

export type InfluxWriter<E extends Numbered = Entry> = {
  /** For journal/consumer.ts. Rejects with a retryable OperationalError while InfluxDB can't take anything. */
  take(entries: E[]): Promise<Taken>
  close(): void
}

export type PointWriterOptions<E> = {
  settings: InfluxSettings
  /** null: it has none. The same entry must give the same point for ever. */
  toPoint: (entry: E) => IPoint | null
  log: Log
  /** Each of the ways to InfluxDB; the default is one by HTTP. */
  connect?: () => Connection
  /** How often, and how far apart, a point that InfluxDB refused is tried again before it is given up. */
  suspects?: { tries: number; everyMs: number }
}

/** Batches that may be on their way at once: one is built while the other is written. */
export const concurrentBatches = 2

/** Of the journal's entries. */
export const createInfluxWriter = ({
  masking,
  ...options
}: Omit<PointWriterOptions<Entry>, 'toPoint'> & { masking: Masking }): InfluxWriter =>
  createPointWriter({ ...options, toPoint: entry => toPoint(entry, masking.of(entry.seq)) })

export function createPointWriter<E extends Numbered>(options: PointWriterOptions<E>): InfluxWriter<E> {
  const { settings, log, suspects: retry, connect = () => createConnection(settings) } = options
  const connections = lend(concurrentBatches, connect)
  const slow = lend(1, connect)
  const write = (from: Lender) => (points: Sent[]) =>
    writeHalving(points, batch => from.use(connection => writeOnce(connection, batch)))
  const suspects = createSuspects({
    write: write(slow),
    ...(retry ?? { tries: 5, everyMs: 2000 }),
    clock: monotonicMs,
  })

  /** The reason of a refusal, or undefined. A missing database is made, at the first write as at any later one. */
  async function writeOnce(connection: Connection, batch: IPoint[]): Promise<string | undefined> {
    let failure = await connection.write(batch)
    if (failure?.class === 'no-database') {
      const refusal = await connection.createDatabase()
      if (refusal !== undefined)
        throw missing(settings.database, refusal.class === 'bad-points' ? refusal.reason : refusal.message)
      log.info({ database: settings.database }, 'influx.database-created')
      failure = await connection.write(batch)
    }
    if (failure?.class === 'no-database') throw missing(settings.database, failure.message)
    if (failure?.class === 'wait') throw new OperationalError(failure.code, failure.message, { retryable: true })
    return failure?.reason
  }

  return {
    async take(entries) {
      const points = entries.flatMap(entry => {
        const point = options.toPoint(entry)
        return point === null ? [] : [{ seq: entry.seq, point }]
      })
      const refused = await write(connections)(points)
      return refused.length === 0 ? [] : { settled: suspects.settle(refused) }
    },
    close() {
      suspects.close()
      connections.close()
      slow.close()
    },
  }
}

const missing = (database: string, why: string) =>
  new OperationalError(
    'influx.database-missing',
    `InfluxDB has no database "${database}" and it can't be made (${why}): create it, or give the user the right to`,
    { retryable: true },
  )

type Lender = ReturnType<typeof lend>

/** `count` connections, each used by one caller at a time; the others wait in line. */
function lend(count: number, create: () => Connection) {
  const all = Array.from({ length: count }, create)
  const idle = [...all]
  const waiting: ((connection: Connection) => void)[] = []
  return {
    async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
      const connection = idle.pop() ?? (await new Promise<Connection>(resolve => waiting.push(resolve)))
      try {
        return await work(connection)
      } finally {
        const next = waiting.shift()
        if (next === undefined) idle.push(connection)
        else next(connection)
      }
    },
    close() {
      for (const connection of all) connection.close()
    },
  }
}
