import { OperationalError } from '../errors.ts'
import { FairQueue } from '../journal/fair-queue.ts'
import type { Journal, Outcome, Publish } from '../journal/journal.ts'
import { BatchBuilder, maxBatch, results } from './append-batch.ts'
import { type Answered, Sender, type Waiting } from './append-order.ts'
import type { Caller } from './database.ts'
import type { WriteProcedures } from './procedures.ts'

/**
 * The journal's front: who is stored next. Alarm events go first, one per device in turn; everything else is taken round
 * robin over the devices. What isn't sent can still be overtaken, so no more than two batches are on their way to the storage
 * thread: while one is committed the other waits, and what gathers meanwhile is the next (group commit without a timer). An
 * alarm finds a place of its own beside them, so that it waits for the commit under way and is in the very next one.
 *
 * Bounded: past `maxQueuedBytes` an append is refused with a retryable error, which cuts the connection; the device sends
 * again. Alarms have a reserve beyond it.
 */
export type AppendHooks = {
  /** Each batch after its commit, in the order of its numbers, before the callbacks. */
  onStored?: (publishes: readonly Publish[], outcomes: readonly Outcome[]) => void
  /** Each publish that was stored or rejected, in the order in which its device sent them. */
  onHeard?: (publish: Publish) => void
  /** The first commit that fails after one that worked. */
  onFailure?: (error: Error) => void
}

const maxQueuedBytes = 256 * 1024 * 1024
const alarmReserveBytes = 64 * 1024 * 1024
/** What an entry costs in memory beside its payload; measured roughly, so that tiny payloads are bounded too. */
const entryBytes = 512
const maxInFlight = 2
/** A device's turn; the others' turn comes after so much. */
const turn = { items: 8, bytes: 16_384 }
const alarmTurn = { items: 1, bytes: 1 }
/** Of a batch, so that alarms without end leave something to what isn't one. */
const keptForOthers = maxBatch >> 3
/** Alarms that travel beside two batches under way. */
const maxBeside = 64

export class AppendQueue implements Journal {
  readonly #write: Caller<WriteProcedures>
  readonly #hooks: AppendHooks
  readonly #batch = new BatchBuilder()
  readonly #alarms = new FairQueue<Waiting>(alarmTurn)
  readonly #others = new FairQueue<Waiting>(turn)
  /** Bounded by the registry: only known devices come this far. */
  readonly #senders = new Map<string, Sender>()
  readonly #heard: (waiting: Answered) => void
  #queuedBytes = 0
  #queued = 0
  #inFlight = 0
  #isBesideFree = true
  #isScheduled = false
  #idle: (() => void) | undefined
  #failure: Error | undefined

  constructor(write: Caller<WriteProcedures>, hooks: AppendHooks = {}) {
    this.#write = write
    this.#hooks = hooks
    const { onHeard } = hooks
    this.#heard = ({ publish, outcome }) => {
      if (outcome !== undefined && outcome.result !== 'duplicate') onHeard?.(publish)
    }
  }

  append(publish: Publish, done: (error: Error | null, outcome?: Outcome) => void): void {
    const isAlarm = !('reason' in publish) && publish.kind === 'alarm'
    const bytes = publish.payload.byteLength + entryBytes
    if (this.#queuedBytes + bytes > (isAlarm ? maxQueuedBytes + alarmReserveBytes : maxQueuedBytes)) {
      done(new OperationalError('journal-overloaded', 'the disk is slower than what arrives', { retryable: true }))
      return
    }
    this.#queuedBytes += bytes
    this.#queued++
    let sender = this.#senders.get(publish.device)
    if (sender === undefined) {
      sender = new Sender()
      this.#senders.set(publish.device, sender)
    }
    const waiting = sender.next(publish, done, bytes)
    if (isAlarm) this.#alarms.push(sender.alarms, waiting)
    else this.#others.push(sender.others, waiting)
    if (!this.#isScheduled && (this.#inFlight < maxInFlight || (isAlarm && this.#isBesideFree))) {
      this.#isScheduled = true
      setImmediate(this.#flush)
    }
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

  readonly #flush = (): void => {
    this.#isScheduled = false
    while (this.#inFlight < maxInFlight && this.#alarms.size + this.#others.size > 0) {
      this.#inFlight++
      this.#send(this.#nextBatch(), () => this.#inFlight--)
    }
    if (this.#alarms.size === 0 || !this.#isBesideFree) return
    this.#isBesideFree = false
    this.#send(this.#gather(this.#alarms, maxBeside, []), () => {
      this.#isBesideFree = true
    })
  }

  #nextBatch(): Waiting[] {
    const batch = this.#gather(this.#alarms, this.#others.size > 0 ? maxBatch - keptForOthers : maxBatch, [])
    return this.#gather(this.#alarms, maxBatch, this.#gather(this.#others, maxBatch, batch))
  }

  #gather(queue: FairQueue<Waiting>, upTo: number, batch: Waiting[]): Waiting[] {
    while (batch.length < upTo && !this.#batch.isFull) {
      const waiting = queue.shift()
      if (waiting === undefined) break
      this.#batch.add(waiting.publish, waiting.sender)
      batch.push(waiting)
    }
    return batch
  }

  #send(batch: Waiting[], answered: () => void): void {
    const packed = this.#batch.take()
    this.#write.call('append', packed, [packed.payloads.buffer]).then(
      ({ seqs, results: codes }) => {
        const publishes: Publish[] = []
        const outcomes: Outcome[] = []
        for (let index = 0; index < batch.length; index++) {
          const waiting = batch[index] as Waiting
          waiting.outcome = {
            result: results[codes[index] as number] as Outcome['result'],
            seq: seqs[index] as number,
          }
          publishes.push(waiting.publish)
          outcomes.push(waiting.outcome)
        }
        this.#failure = undefined
        this.#hooks.onStored?.(publishes, outcomes)
        this.#finish(batch, answered)
      },
      (error: Error) => {
        if (this.#failure === undefined) this.#hooks.onFailure?.(error)
        this.#failure = error
        for (const waiting of batch) waiting.error = error
        this.#finish(batch, answered)
      },
    )
  }

  #finish(batch: readonly Waiting[], answered: () => void): void {
    this.#queued -= batch.length
    for (const { bytes } of batch) this.#queuedBytes -= bytes
    answered()
    // First, so that the storage thread has work while the answers go out.
    this.#flush()
    for (const waiting of batch) waiting.sender.answer(waiting, this.#heard)
    if (this.#queued === 0) this.#idle?.()
  }
}
