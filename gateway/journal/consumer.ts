import { setTimeout as timer } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import type { Log } from '../log.ts'
import { type Backoff, createBackoff } from './backoff.ts'
import { createBell } from './bell.ts'
import { createCommitter } from './committer.ts'
import type { ConsumerSource, Entry, Numbered } from './journal.ts'
import { settledOf, type Taken, takeIsolating } from './take.ts'

export type ConsumerOptions<E extends Numbered = Entry> = {
  /** For the log. */
  name: string
  source: ConsumerSource<E>
  /**
   * Does with a batch what the consumer is for; doing it again must change nothing. A retryable OperationalError is
   * waited out for ever. Anything else it throws is taken for one poisonous entry and the message for its reason, so
   * the message must hold nothing of the payload.
   */
  take: (entries: E[]) => Promise<Taken>
  batchSize: number
  log: Log
  clock: Clock
  /** Batches taken at once, so that one is read and built while another is on its way. They may end in any order. */
  concurrency?: number
  /** Entries read and not committed, kept as numbers only. When there are so many, nothing more is read. */
  unsettledLimit?: number
  /** After a batch that was not full, how long the next may grow. */
  lingerMs?: number
  /** How often an empty journal is looked at without a `wake`. */
  pollMs?: number
  retry?: { firstMs: number; lastMs: number; poisonTries: number }
  /** How long `stop` waits for the batches in flight. */
  stopTimeoutMs?: number
  random?: () => number
}

export type Consumer = {
  /** There may be something new. */
  wake(): void
  /** Ends after the batches in flight, within a bound. What is not committed then is taken again after the next start. */
  stop(): Promise<void>
  state(): ConsumerState
}

export type ConsumerState = {
  /** Everything up to it is done or quarantined, durably. */
  cursor: number
  /** Entries that were read and are not committed: in flight, or set aside. */
  unsettled: number
  /** Only while it waits for something that is out of order: what, and since when (`clock`). */
  lastError?: { code: string; message: string }
  waitingSinceMs?: number
}

/**
 * Reads what comes after the last entry read, takes it, commits in order; for ever. The cursor never passes an entry
 * that is neither done nor quarantined. A source that fails with a retryable error is waited out too; any other error
 * of the source is a programmer's and leaves as an unhandled rejection.
 */
export function startConsumer<E extends Numbered = Entry>(options: ConsumerOptions<E>): Consumer {
  const { name, source, batchSize, log, concurrency = 1, unsettledLimit = 200_000 } = options
  const { lingerMs = 20, pollMs = 1000, stopTimeoutMs = 5000 } = options
  const { firstMs, lastMs, poisonTries } = options.retry ?? { firstMs: 250, lastMs: 5000, poisonTries: 3 }
  const stopping = new AbortController()
  const bell = createBell()
  const sleep = (ms: number) => timer(ms, undefined, { signal: stopping.signal }).catch(() => {})
  const newBackoff = () =>
    createBackoff({
      firstMs,
      lastMs,
      clock: options.clock,
      random: options.random ?? Math.random,
      sleep,
      onWaiting: ({ code, message }) => log.warn({ consumer: name, code, reason: message }, 'consumer.waiting'),
      onRecovered: waitedMs => log.info({ consumer: name, waitedMs }, 'consumer.recovered'),
    })
  const ofSource = newBackoff()
  const ofTake = newBackoff()

  /** Until it succeeds; undefined when the gateway stops before. */
  async function persist<T>(backoff: Backoff, work: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      try {
        const result = await work()
        backoff.succeeded()
        return result
      } catch (error) {
        if (!(error instanceof OperationalError && error.retryable)) throw error
        await backoff.failed(error.code, error.message)
        if (stopping.signal.aborted) return undefined
      }
    }
  }

  const committer = createCommitter(unsettledLimit, async progress => {
    const { quarantined } = progress
    const done = await persist(ofSource, async () => {
      await source.commit(progress)
      return true
    })
    if (done && quarantined.length > 0)
      log.error({ consumer: name, count: quarantined.length, first: quarantined[0] }, 'consumer.quarantined')
    return done ?? false
  })
  const inFlight = new Set<Promise<void>>()

  /** Resolves when the next batch may be taken, which can be before this one is settled. */
  async function take(entries: E[], settled: ReturnType<typeof committer.add>): Promise<void> {
    const taken = await takeIsolating(
      entries,
      some => persist(ofTake, () => options.take(some)),
      poisonTries,
      () => sleep(firstMs),
    )
    if (taken === undefined) return
    const settling = settledOf(taken).then(settled, error => {
      if (!stopping.signal.aborted) throw error
    })
    if (Array.isArray(taken)) await settling
  }

  async function run() {
    let head = (await persist(ofSource, () => source.cursor())) ?? 0
    committer.startAt(head)
    while (!stopping.signal.aborted) {
      bell.still()
      const entries = (await persist(ofSource, () => source.read(head, batchSize))) ?? []
      const last = entries.at(-1)
      if (stopping.signal.aborted) return
      if (last === undefined) {
        await bell.sleep(pollMs)
        continue
      }
      head = last.seq
      const batch = take(entries, committer.add(head, entries.length)).finally(() => inFlight.delete(batch))
      inFlight.add(batch)
      if (entries.length < batchSize) await sleep(lingerMs)
      await committer.room()
      while (inFlight.size >= concurrency) await Promise.race(inFlight)
    }
  }
  const running = run()

  async function finish() {
    await running
    await Promise.all(inFlight)
    await committer.flushed()
  }
  return {
    wake: bell.ring,
    async stop() {
      stopping.abort()
      bell.ring()
      committer.stop()
      const enough = new AbortController()
      const overdue = timer(stopTimeoutMs, undefined, { signal: enough.signal }).catch(() => {})
      await Promise.race([finish(), overdue])
      enough.abort()
      committer.end()
    },
    state() {
      const trouble = ofTake.trouble() ?? ofSource.trouble()
      return {
        cursor: committer.cursor(),
        unsettled: committer.unsettled(),
        ...(trouble && {
          lastError: { code: trouble.code, message: trouble.message },
          waitingSinceMs: trouble.sinceMs,
        }),
      }
    },
  }
}
