import type { DueDelivery } from '../alarms/delivery.ts'
import type { Decided } from '../alarms/following.ts'
import { monotonicMs } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import { AlarmPace } from '../journal/alarm-pace.ts'
import { FairQueue, type Lane } from '../journal/fair-queue.ts'
import type { Accepted, Journal, Outcome, Publish } from '../journal/journal.ts'
import { RightOfWay } from '../journal/right-of-way.ts'
import { BatchBuilder, maxBatch, results } from './append-batch.ts'
import { type Answered, Sender, type Waiting } from './append-order.ts'
import { BatchSize } from './batch-size.ts'
import type { Caller, Together } from './database.ts'
import type { WriteProcedures } from './procedures.ts'

/**
 * The journal's front: who is stored next. Alarm events go first, one per device in turn; everything else is taken round
 * robin over the devices. What isn't sent can still be overtaken, so no more than two batches are on their way to the storage
 * thread: while one is committed the other waits, and what gathers meanwhile is the next (group commit without a timer). Alarms
 * travel beside them in a batch of their own, which waits for the commit under way only; until it is followed nothing
 * else is sent behind it (journal/right-of-way.ts). Never in a batch of the others: a device's alarms would change places.
 *
 * Bounded: past `maxQueuedBytes` an append is refused with a retryable error, which cuts the connection; the device sends
 * again. Alarms have a reserve beyond it.
 */
export type AppendHooks = {
  /** Each batch after its commit, in the order of its numbers, before the callbacks. */
  onStored?: (publishes: readonly Publish[], outcomes: readonly Outcome[]) => void
  /** Each publish that was stored or rejected, in the order in which its device sent them. */
  onHeard?: (publish: Publish) => void
  /** What was decided on these alarm events, to be written with them, behind them. undefined: whoever follows reads them. */
  follow?: (publishes: readonly Accepted[]) => Decided<DueDelivery> | undefined
  /** Somebody follows the alarms and says so by `passed`: they go no faster than that. */
  pacesAlarms?: boolean
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
/** A batch of alarms, beside two of the others. */
const maxAlarms = 64
/** While an alarm has the right of way it is looked whether it still has it. */
const yieldingMs = 5

export class AppendQueue implements Journal {
  readonly #write: Caller<WriteProcedures> & Together
  readonly #hooks: AppendHooks
  readonly #batch = new BatchBuilder()
  readonly #size = new BatchSize(maxBatch)
  #answeredMs = 0
  readonly #alarms = new FairQueue<Waiting>(alarmTurn)
  /** Lanes of alarms whose device has to wait for the desk. */
  #aside: Lane<Waiting>[] = []
  #pace: AlarmPace<Sender> | undefined
  readonly #others = new FairQueue<Waiting>(turn)
  /** Bounded by the registry: only known devices come this far. */
  readonly #senders = new Map<string, Sender>()
  readonly #heard: (waiting: Answered) => void
  #queuedBytes = 0
  #queued = 0
  #inFlight = 0
  #isAlarmBatchFree = true
  #isScheduled = false
  readonly #rightOfWay = new RightOfWay(monotonicMs)
  #yielding: NodeJS.Timeout | undefined
  #idle: (() => void) | undefined
  #failure: Error | undefined

  constructor(write: Caller<WriteProcedures> & Together, hooks: AppendHooks = {}) {
    this.#write = write
    this.#hooks = hooks
    this.#pace = hooks.pacesAlarms === true ? new AlarmPace() : undefined
    const { onHeard } = hooks
    this.#heard = ({ publish, outcome }) => {
      if (outcome !== undefined && outcome.result !== 'duplicate') onHeard?.(publish)
    }
  }

  append(publish: Publish, done: (error: Error | null, outcome?: Outcome) => void): void {
    const goesFirst = isAlarm(publish)
    const bytes = publish.payload.byteLength + entryBytes
    if (this.#queuedBytes + bytes > (goesFirst ? maxQueuedBytes + alarmReserveBytes : maxQueuedBytes)) {
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
    if (goesFirst) this.#alarms.push(sender.alarms, waiting)
    else this.#others.push(sender.others, waiting)
    if (!this.#isScheduled && (this.#inFlight < maxInFlight || (goesFirst && this.#isAlarmBatchFree))) {
      this.#isScheduled = true
      setImmediate(this.#flush)
    }
  }

  /** How many wait for their commit. */
  get queued(): number {
    return this.#queued
  }

  /** Whether everything that is no alarm should wait. */
  get yields(): boolean {
    return this.#rightOfWay.isGiven(this.#alarms.size > 0 || (this.#pace?.ahead ?? 0) > 0)
  }

  /** The alarm desk is done with all up to this number. */
  passed(upTo: number): void {
    this.#pace?.passed(upTo)
    if (this.#aside.length > 0) this.#resume()
    this.#flush()
  }

  #resume(): void {
    for (const lane of this.#aside) this.#alarms.resume(lane)
    this.#aside = []
  }

  /** Why the last commit failed; undefined once one worked again. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Resolves when everything appended so far is on disk or refused. From here on nothing waits for who follows the alarms. */
  drained(): Promise<void> {
    this.#pace = undefined
    this.#resume()
    this.#flush()
    return this.#queued === 0
      ? Promise.resolve()
      : new Promise(resolve => {
          this.#idle = resolve
        })
  }

  readonly #flush = (): void => {
    this.#isScheduled = false
    if (this.#isAlarmBatchFree) {
      const alarms = this.#gather(this.#alarms, maxAlarms, [])
      if (alarms.length > 0) {
        this.#isAlarmBatchFree = false
        this.#sendAlarms(alarms)
      }
    }
    // Asked in any case: the right of way is given back as soon as nobody needs it.
    let yields = this.yields
    while (this.#inFlight < maxInFlight && this.#others.size > 0) {
      if (yields) {
        this.#yielding ??= setTimeout(this.#lookAgain, yieldingMs)
        return
      }
      const others = this.#gather(this.#others, this.#size.limit, [])
      this.#inFlight++
      this.#send(others, false, () => this.#inFlight--)
      yields = this.yields
    }
  }

  readonly #lookAgain = (): void => {
    this.#yielding = undefined
    this.#flush()
  }

  #gather(queue: FairQueue<Waiting>, upTo: number, batch: Waiting[]): Waiting[] {
    const pace = queue === this.#alarms ? this.#pace : undefined
    while (batch.length < upTo && !this.#batch.isFull) {
      const { next } = queue
      if (next === undefined) break
      if (pace !== undefined) {
        if (!pace.mayGo(next.sender)) {
          this.#aside.push(queue.setAside() as Lane<Waiting>)
          continue
        }
        pace.goes(next.sender)
      }
      const waiting = queue.shift() as Waiting
      this.#batch.add(waiting.publish, waiting.sender)
      batch.push(waiting)
    }
    return batch
  }

  #sendAlarms(alarms: Waiting[]): void {
    const decided = this.#hooks.follow?.(alarms.map(({ publish }) => publish as Accepted))
    const send = () =>
      this.#send(alarms, true, () => {
        this.#isAlarmBatchFree = true
      })
    if (decided === undefined) send()
    else
      this.#write
        .together(() => {
          send()
          return this.#write.call('followAppended', decided.following)
        })
        // It failed: so does what the desk does instead, and tells of it.
        .then(decided.done, () => decided.done(null))
  }

  #send(batch: Waiting[], isUrgent: boolean, answered: () => void): void {
    const packed = this.#batch.take(isUrgent)
    const sentMs = monotonicMs()
    this.#write.call('append', packed, [packed.payloads.buffer]).then(
      ({ seqs, results: codes, workMs }) => {
        const nowMs = monotonicMs()
        this.#size.took(batch.length, workMs, nowMs - Math.max(sentMs, this.#answeredMs))
        this.#answeredMs = nowMs
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
    for (const waiting of batch) {
      this.#queuedBytes -= waiting.bytes
      if (this.#pace !== undefined && isAlarm(waiting.publish)) this.#pace.stored(waiting.sender, numberOf(waiting))
    }
    answered()
    if (this.#aside.length > 0) this.#resume()
    // First, so that the storage thread has work while the answers go out.
    this.#flush()
    for (const waiting of batch) waiting.sender.answer(waiting, this.#heard)
    if (this.#queued === 0) this.#idle?.()
  }
}

const isAlarm = (publish: Publish): boolean => 'kind' in publish && publish.kind === 'alarm'

const numberOf = ({ outcome }: Waiting): number | undefined => (outcome?.result === 'stored' ? outcome.seq : undefined)
