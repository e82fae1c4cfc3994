import { setTimeout as after } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { DueDelivery, FailedAttempt, Settled } from '../alarms/delivery.ts'
import { type Clock, monotonicMs } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { EndpointClocks } from './endpoint-clock.ts'
import { type Attempt, Poster } from './post.ts'
import { delayAfterMs, isRefusal, maxDelayMs } from './retry.ts'
import { sign } from './signature.ts'

/**
 * Sends due deliveries. What is due lies on disk; here is only what is under way, so a restart loses nothing and repeats at
 * most what was under way. A fresh delivery is offered straight after its commit; everything else is found by the sweep.
 *
 * An endpoint that hangs holds `maxUnderWay` attempts for `timeoutMs` each; repeats may take only some of them, so that a
 * new alarm's first attempt always finds a place.
 */
export type DeliveryStore = {
  due(query: {
    endpoints: string[]
    now: number
    /** Due after it: planned on a clock that was set back since, so due now. */
    latest: number
    limit: number
  }): Promise<{ due: DueDelivery[]; nextAt: number | null }>
  failed(attempt: FailedAttempt): Promise<void>
}
export type Target = { id: string; url: string; keys: Buffer[] }

export type DelivererOptions = {
  store: DeliveryStore
  targets: readonly Target[]
  clock: Clock
  random: () => number
  log: Log
  /** Resolves when the delivery and its alarm's step are on disk. */
  settle: (settled: Settled) => Promise<void>
  /** An endpoint refused the same message again: somebody must look at it. Each time; who tells of it limits that. */
  onRefusing: (endpoint: string, status: number) => void
  /** Several attempts in a row failed, of whatever messages. Each time from then on. `error` holds nothing it sent. */
  onFailing: (endpoint: string, error: string) => void
  /** An endpoint refused, and its clock is so far ahead of the gateway's: it is signed for that time from now on. */
  onClockDiffers: (endpoint: string, aheadMs: number) => void
  onAttempt: (endpoint: string, attempt: Attempt, sinceCreatedMs: number) => void
  /** How a message is posted; over HTTP where nothing is given. */
  poster?: Pick<Poster, 'post' | 'close'>
}

export const timeoutMs = 3000
const maxUnderWay = 64
const maxRepeatsUnderWay = 48
const maxSweepPauseMs = 1000
/** Attempts in a row. One that hangs for its whole time counts as two, so that somebody else knows after 6 s at the latest. */
const failingAfter = 3
const hangingCounts = 2
/** How long `stop` waits: for the last answers, and for a disk that takes their outcomes. */
const stopTimeoutMs = timeoutMs + 1000

export class Deliverer {
  readonly #options: DelivererOptions
  readonly #targets: Map<string, Target>
  readonly #underWay = new Map<string, Map<number, { subject: string; repeat: boolean; done: Promise<void> }>>()
  /** Ended since the sweep under way began: what that sweep read of them is old, and an old one is not begun again. */
  readonly #ended = new Set<number>()
  /** Attempts that failed since the last that didn't, by endpoint. */
  readonly #failures = new Map<string, number>()
  readonly #clocks = new EndpointClocks()
  readonly #poster: Pick<Poster, 'post' | 'close'>
  #timer: NodeJS.Timeout | undefined
  #sweeping: Promise<void> | undefined
  #sweepAgain = false
  #stopping = false

  constructor(options: DelivererOptions) {
    this.#options = options
    this.#poster = options.poster ?? new Poster()
    this.#targets = new Map(options.targets.map(target => [target.id, target]))
    for (const { id } of options.targets) this.#underWay.set(id, new Map())
  }

  start(): void {
    this.sweep()
  }

  /**
   * These are told from now on. A delivery under way ends as it began; the next attempt goes where the endpoint is now, signed
   * with what its secret is now. Of one that changed nothing is held against it.
   */
  retarget(targets: readonly Target[]): void {
    const before = new Map(this.#targets)
    this.#targets.clear()
    for (const target of targets) {
      this.#targets.set(target.id, target)
      if (!this.#underWay.has(target.id)) this.#underWay.set(target.id, new Map())
      if (!isDeepStrictEqual(before.get(target.id), target)) this.#failures.delete(target.id)
    }
    for (const [id, underWay] of this.#underWay)
      if (!this.#targets.has(id)) {
        this.#failures.delete(id)
        if (underWay.size === 0) this.#underWay.delete(id)
      }
    this.sweep()
  }

  offer(due: readonly DueDelivery[]): void {
    for (const delivery of due) this.#begin(delivery)
  }

  /** Looks for what is due. One sweep at a time; one more follows when it was asked for meanwhile. */
  sweep(): void {
    if (this.#sweeping !== undefined) {
      this.#sweepAgain = true
      return
    }
    if (this.#stopping) return
    clearTimeout(this.#timer)
    this.#sweeping = this.#find().then(pauseMs => {
      this.#sweeping = undefined
      if (this.#stopping) return
      this.#timer = setTimeout(() => this.sweep(), this.#sweepAgain ? 0 : pauseMs)
      this.#sweepAgain = false
    })
  }

  /**
   * Begins nothing more and waits until what is under way is on disk, within a bound. What isn't by then, since the disk takes
   * no commit, is still due and delivered again after the next start.
   */
  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    const underWay = [...this.#underWay.values()].flatMap(deliveries => [...deliveries.values()])
    const enough = new AbortController()
    const overdue = after(stopTimeoutMs, undefined, { signal: enough.signal }).catch(() => {})
    await Promise.race([Promise.all([this.#sweeping, ...underWay.map(({ done }) => done)]), overdue])
    enough.abort()
    this.#poster.close()
  }

  /** Returns how long there is nothing to look for, ms. */
  async #find(): Promise<number> {
    const { store, clock, log } = this.#options
    const now = clock()
    this.#ended.clear()
    try {
      const { due, nextAt } = await store.due({
        endpoints: [...this.#targets.keys()],
        now,
        latest: now + 2 * maxDelayMs,
        limit: 2 * maxUnderWay,
      })
      for (const delivery of due) if (!this.#ended.has(delivery.id)) this.#begin(delivery)
      return nextAt === null ? maxSweepPauseMs : Math.min(maxSweepPauseMs, Math.max(5, nextAt - clock()))
    } catch (error) {
      log.error({ err: messageOf(error) }, 'deliveries.unreadable')
      return maxSweepPauseMs
    }
  }

  #begin(delivery: DueDelivery): void {
    const target = this.#targets.get(delivery.endpoint)
    const underWay = this.#underWay.get(delivery.endpoint)
    if (target === undefined || underWay === undefined || this.#stopping || underWay.has(delivery.id)) return
    // One message of a subject at a time, also where the one before was cancelled while it was under way: they arrive in order.
    if ([...underWay.values()].some(({ subject }) => subject === delivery.subject)) return
    const repeat = delivery.attempts > 0
    const repeats = [...underWay.values()].filter(other => other.repeat).length
    if (underWay.size >= maxUnderWay || (repeat && repeats >= maxRepeatsUnderWay)) return
    const done = this.#attempt(target, delivery).finally(() => {
      underWay.delete(delivery.id)
      this.#ended.add(delivery.id)
      // The next message in its line, or the next in number, may go now.
      this.sweep()
    })
    underWay.set(delivery.id, { subject: delivery.subject, repeat, done })
  }

  async #attempt(target: Target, delivery: DueDelivery): Promise<void> {
    const { clock, log, onAttempt } = this.#options
    const startedMs = monotonicMs()
    const timestampS = Math.floor(this.#clocks.at(target.id, clock()) / 1000)
    const headers = {
      'webhook-id': delivery.messageId,
      'webhook-timestamp': String(timestampS),
      'webhook-signature': sign(target.keys, delivery.messageId, timestampS, delivery.body),
    }
    const attempt = await this.#poster.post(target.url, headers, delivery.body, timeoutMs)
    const tookMs = Math.round(monotonicMs() - startedMs)
    const attempts = delivery.attempts + 1
    const line = {
      delivery: delivery.id,
      endpoint: target.id,
      type: delivery.type,
      subject: delivery.subject,
      attempts,
      status: attempt.status,
      ms: tookMs,
    }
    log.info(attempt.delivered ? line : { ...line, error: attempt.error }, 'delivery.attempted')
    onAttempt(target.id, attempt, Math.max(0, clock() - delivery.createdAt))
    await this.#record(target, delivery, attempt, attempts, tookMs)
  }

  /** An outcome that can't be written is dropped after it was logged: the row is still due, and is tried again. */
  async #record(
    target: Target,
    delivery: DueDelivery,
    attempt: Attempt,
    attempts: number,
    tookMs: number,
  ): Promise<void> {
    const { store, settle, clock, random, log, onClockDiffers } = this.#options
    const at = clock()
    try {
      if (attempt.delivered) {
        this.#failures.delete(target.id)
        await settle({
          deliveryId: delivery.id,
          endpoint: target.id,
          subject: delivery.subject,
          at,
          status: attempt.status,
          attempts,
          reply: attempt.reply,
        })
        return
      }
      const { status, error } = attempt
      const refusals = isRefusal(status) ? delivery.refusals + 1 : 0
      const aheadMs = refusals > 0 ? this.#clocks.refused(target.id, attempt.saidAt, at) : undefined
      if (aheadMs !== undefined) onClockDiffers(target.id, aheadMs)
      const dueAt = at + delayAfterMs(attempts, refusals, random())
      await store.failed({ deliveryId: delivery.id, attempts, refusals, dueAt, status, error })
      this.#complain(target, attempt, refusals, tookMs)
    } catch (error) {
      log.error({ delivery: delivery.id, err: messageOf(error) }, 'delivery.unrecorded')
      await after(maxSweepPauseMs)
    }
  }

  /** A refusal that repeats is told of at once, any other failure when there were several in a row. */
  #complain({ id }: Target, { status, error }: Attempt & { delivered: false }, refusals: number, tookMs: number): void {
    const { onRefusing, onFailing } = this.#options
    if (refusals > 0) {
      if (refusals >= 2) onRefusing(id, status as number)
      return
    }
    const failures = (this.#failures.get(id) ?? 0) + (tookMs >= timeoutMs ? hangingCounts : 1)
    this.#failures.set(id, failures)
    if (failures >= failingAfter) onFailing(id, error)
  }
}
