import { OperationalError } from '../errors.ts'
import type { Journal, Outcome, Publish } from '../journal/journal.ts'
import { BatchBuilder, results } from './append-batch.ts'
import type { Caller } from './database.ts'
import type { WriteProcedures } from './procedures.ts'

/**
 * The journal's front. Publishes of one turn of the event loop go to the storage thread as one batch; there, batches that
 * arrive during a commit become the next one. Answers come back in order, so `done` runs in the order of `append`.
 *
 * Bounded: past `maxQueuedBytes` an append is refused with a retryable error, which cuts the connection; the device sends
 * again. `onStored` sees each batch after its commit, before the callbacks.
 */
type Waiting = { publish: Publish; done: (error: Error | null, outcome?: Outcome) => void }

const maxQueuedBytes = 256 * 1024 * 1024
/** What an entry costs in memory beside its payload; measured roughly, so that tiny payloads are bounded too. */
const entryBytes = 512

export class AppendQueue implements Journal {
  readonly #write: Caller<WriteProcedures>
  readonly #onStored: (publishes: readonly Publish[], outcomes: readonly Outcome[]) => void
  readonly #onFailure: (error: Error) => void
  readonly #batch = new BatchBuilder()
  #gathered: Waiting[] = []
  #queuedBytes = 0
  #queued = 0
  #idle: (() => void) | undefined
  #failure: Error | undefined

  /** `onFailure`: the first commit that fails after one that worked. */
  constructor(
    write: Caller<WriteProcedures>,
    onStored: (publishes: readonly Publish[], outcomes: readonly Outcome[]) => void,
    onFailure: (error: Error) => void = () => {},
  ) {
    this.#write = write
    this.#onStored = onStored
    this.#onFailure = onFailure
  }

  append(publish: Publish, done: (error: Error | null, outcome?: Outcome) => void): void {
    const bytes = publish.payload.byteLength
    if (this.#queuedBytes + bytes > maxQueuedBytes) {
      done(new OperationalError('journal-overloaded', 'the disk is slower than what arrives', { retryable: true }))
      return
    }
    this.#queuedBytes += bytes + entryBytes
    this.#queued++
    this.#batch.add(publish)
    this.#gathered.push({ publish, done })
    if (this.#gathered.length === 1) setImmediate(() => this.#flush())
    else if (this.#batch.isFull) this.#flush()
  }

  /** How many wait for their commit. */
  get queued(): number {
    return this.#queued
  }

  /** Why the last commit failed; undefined once one worked again. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Resolves when everything appended so far is on disk or refused. */
  drained(): Promise<void> {
    return this.#queued === 0
      ? Promise.resolve()
      : new Promise(resolve => {
          this.#idle = resolve
        })
  }

  #flush(): void {
    const batch = this.#gathered
    if (batch.length === 0) return
    this.#gathered = []
    const publishes = batch.map(({ publish }) => publish)
    const packed = this.#batch.take()
    const bytes = packed.payloads.byteLength
    this.#write.call('append', packed, [packed.payloads.buffer]).then(
      ({ seqs, results: codes }) => {
        const outcomes = publishes.map((_, index) => ({
          result: results[codes[index] as number] as Outcome['result'],
          seq: seqs[index] as number,
        }))
        this.#failure = undefined
        this.#onStored(publishes, outcomes)
        this.#release(batch, bytes)
        for (const [index, { done }] of batch.entries()) done(null, outcomes[index] as Outcome)
      },
      (error: Error) => {
        if (this.#failure === undefined) this.#onFailure(error)
        this.#failure = error
        this.#release(batch, bytes)
        for (const { done } of batch) done(error)
      },
    )
  }

  #release(batch: readonly Waiting[], bytes: number): void {
    this.#queued -= batch.length
    this.#queuedBytes -= bytes + batch.length * entryBytes
    if (this.#queued === 0) this.#idle?.()
  }
}
