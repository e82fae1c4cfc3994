import type { Alarm } from '../../schemas/alarm.ts'
import { messageOf, OperationalError } from '../errors.ts'
import type { Accepted, Entry, Progress, Quarantined } from '../journal/journal.ts'
import { type Acted, type Action, linesOf, type Receipt } from './action.ts'
import { deadlinesWithin } from './deadlines.ts'
import { takeAction, takeDeadlines, takeEvent, takeOutcome } from './decide.ts'
import type { Settled } from './delivery.ts'
import type { DeskChange, DeskOptions, Inbound } from './desk-store.ts'
import { Draft, type OpenAlarms } from './draft.ts'
import { type Decided, expected } from './following.ts'
import { gatherMs, isLogged } from './gathering.ts'
import { alarmMessage } from './message.ts'
import { neighboursOf } from './neighbours.ts'
import { Suspect } from './suspect.ts'

const idleTickMs = 250
const retryMs = 500
/** Of people's steps, while the disk takes no commit. Outcomes are bounded by the attempts under way. */
const maxWaiting = 1000

/**
 * The alarm desk: turns alarm events into alarms and follows each until it is closed. It reads the journal with a cursor of
 * its own and commits alarms, history, messages and cursor in one transaction (design decision 7): after a crash either
 * all of it is there or none, so an event raises exactly one alarm. Deliveries run elsewhere and report back by `settle`.
 *
 * One loop, so one writer of alarms: what is decided here is never raced. It waits for news, takes all there is (outcomes,
 * then events), decides on a draft, commits, and only then believes it. A failed commit is tried again from the start.
 * While it waits, alarm events can be decided on before they are on disk (following.ts): that is a turn too.
 */
export class Desk<Due> {
  readonly #options: DeskOptions<Due>
  readonly #open: OpenAlarms
  readonly #suspect = new Suspect()
  #cursor: number
  #inbox: Inbound[] = []
  #taken: Entry[] = []
  #news: (() => void) | undefined
  /** A turn that began with events on their way to the disk. */
  #following: Promise<void> | undefined
  #mayHoldMore = true
  #clockMove: { byMs: number; done: () => void } | undefined
  #stopping = false
  #loop: Promise<void> | undefined

  constructor(options: DeskOptions<Due>) {
    this.#options = options
    this.#cursor = options.cursor
    const now = options.clock()
    const asNow = (alarm: Alarm) => deadlinesWithin(options.plan(alarm), alarm.deadlines, now)
    this.#open = new Map(options.open.map(alarm => [alarm.id, { ...alarm, deadlines: asNow(alarm) }]))
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** The journal may hold new alarm events. */
  wake(): void {
    this.#mayHoldMore = true
    this.#news?.()
  }

  /**
   * These alarm events are about to be stored, in this order. What is decided on them is to be written with them (following.ts),
   * and nothing else is decided until `done` is called. undefined: the desk is busy, and reads them once they are stored.
   */
  follow(publishes: readonly Accepted[]): Decided<Due> | undefined {
    const waits = this.#news !== undefined && !this.#mayHoldMore && this.#clockMove === undefined
    if (!waits || this.#inbox.length > 0 || this.#stopping || !this.#suspect.isNone) return undefined
    const draft = new Draft(this.#open, this.#options.plan)
    const change = this.#changeAhead(draft, publishes)
    if (change === undefined) return undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#following = promise
    this.#news?.()
    return {
      following: { change, after: this.#cursor, events: publishes.map(({ device, id }) => ({ device, id })) },
      done: followed => {
        this.#following = undefined
        // What was stored up to there is followed; else it is to be read.
        this.#mayHoldMore = followed === null
        if (followed !== null) {
          draft.apply()
          this.#believe(draft, followed.due, followed.upTo)
        }
        resolve()
      },
    }
  }

  /** What can't be taken is found, waited out and quarantined by a turn that has its number. */
  #changeAhead(draft: Draft, publishes: readonly Accepted[]): DeskChange | undefined {
    try {
      takeDeadlines(draft, this.#options.clock())
      const isTaken = publishes.every(publish => takeEvent(draft, expected(publish), this.#options) === undefined)
      return isTaken ? this.#changeOf(draft, [], null) : undefined
    } catch {
      return undefined
    }
  }

  /** Resolves once the delivery and what it did to its alarm are on disk. */
  settle(outcome: Settled): Promise<void> {
    return new Promise(done =>
      this.#receive({
        settled: outcome,
        take: draft => {
          takeOutcome(draft, outcome)
          return done
        },
      }),
    )
  }

  /**
   * The clock is about to be set by `byMs`: deadlines and what is due move with it. `done`, which sets it, runs once that is on
   * disk and before anything else is decided. One at a time.
   */
  moveClock(byMs: number, done: () => void): void {
    this.#clockMove = { byMs, done }
    this.wake()
  }

  /** A person's step. Resolves once it is on disk, or refused; undefined: no open alarm has this id. Rejects when too many wait. */
  act(id: string, action: Action, caller: string, receipt?: Receipt): Promise<Acted | undefined> {
    return new Promise(resolve => {
      let acted: Acted | undefined
      const { clock, pseudonym } = this.#options
      this.#receive({
        take: draft => {
          acted = takeAction(draft, id, action, clock())
          return () => resolve(acted)
        },
        receipt: () =>
          receipt === undefined || acted === undefined || 'refused' in acted
            ? []
            : [{ ...receipt, at: clock(), answer: JSON.stringify(acted.alarm) }],
        audit: () => linesOf(acted === undefined ? [] : [{ acted }], action, { caller, at: clock(), pseudonym }),
      })
    })
  }

  /** The same step for each open alarm of a site, in one transaction. In the order in which they were raised. */
  actOnSite(site: string, action: Action, caller: string): Promise<{ id: string; acted: Acted }[]> {
    return new Promise(resolve => {
      let results: { id: string; acted: Acted }[] = []
      const { clock, pseudonym } = this.#options
      this.#receive({
        take: draft => {
          results = draft
            .open()
            .filter(alarm => alarm.site.id === site)
            .map(({ id }) => ({ id, acted: takeAction(draft, id, action, clock()) as Acted }))
          return () => resolve(results)
        },
        audit: () => linesOf(results, action, { caller, at: clock(), pseudonym, scope: 'site' }),
      })
    })
  }

  #receive(inbound: Inbound): void {
    if (inbound.settled === undefined && this.#inbox.length >= maxWaiting)
      throw new OperationalError('desk-busy', `${maxWaiting} steps wait for the disk`, { retryable: true })
    this.#inbox.push(inbound)
    this.#news?.()
  }

  openAlarms = (): readonly Alarm[] => [...this.#open.values()]

  /** Ends after the turn under way. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#news?.()
    await this.#loop
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const hasWork = this.#mayHoldMore || this.#inbox.length > 0 || this.#clockMove !== undefined
      if (!hasWork) await this.#newsOrTick()
      if (this.#following !== undefined) {
        await this.#following
        continue
      }
      if (this.#stopping) return
      try {
        await this.#turn()
      } catch (error) {
        // The disk or its thread: nothing was committed and nothing believed, so the same turn is simply made again.
        this.#options.log.error({ err: messageOf(error) }, 'desk.commit-failed')
        this.#mayHoldMore = true
        this.#suspect.failed(this.#taken, error)
        if (this.#suspect.leavesOut) continue
        await new Promise(resolve => setTimeout(resolve, retryMs))
      }
    }
  }

  /** The tick moves the cursor past what isn't for the desk, so that retention and stats aren't held up by a quiet day. */
  #newsOrTick(): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(() => this.wake(), idleTickMs)
      this.#news = () => {
        clearTimeout(timer)
        this.#news = undefined
        resolve()
      }
    })
  }

  async #turn(): Promise<void> {
    const { store, clock, onQuarantined } = this.#options
    this.#mayHoldMore = false
    this.#taken = []
    const { limit } = this.#suspect
    const { entries, upTo, passed } = await store.readAlarms(this.#cursor, limit)
    this.#taken = entries
    const inbound = this.#inbox.slice()
    const draft = new Draft(this.#open, this.#options.plan)
    const answers = inbound.map(({ take }) => take(draft))
    takeDeadlines(draft, clock())
    const move = this.#clockMove
    if (upTo === this.#cursor && inbound.length === 0 && draft.lines.length === 0 && move === undefined) return
    const quarantined: Quarantined[] = []
    for (const entry of entries) {
      const reason = this.#suspect.condemned(entry.seq) ?? takeEvent(draft, entry, this.#options)
      if (reason !== undefined) quarantined.push({ seq: entry.seq, reason })
    }
    const progress = upTo > this.#cursor ? { upTo, passed, quarantined } : null
    // Last: what this turn planned was planned on the clock as it was.
    if (move !== undefined) draft.moveDeadlines(move.byMs)
    const due = await store.commit(this.#changeOf(draft, inbound, progress, move?.byMs))
    draft.apply()
    if (move !== undefined) {
      this.#clockMove = undefined
      move.done()
    }
    if (entries.length === limit) this.#mayHoldMore = true
    this.#inbox.splice(0, inbound.length)
    this.#believe(draft, due, upTo)
    for (const answer of answers) answer?.()
    if (quarantined.length > 0) onQuarantined(quarantined)
  }

  /** What the draft says is on disk: it can be told of. */
  #believe(draft: Draft, due: Due[], upTo: number): void {
    const { log, onDue, onPassed, onStep } = this.#options
    this.#suspect.passed()
    if (upTo > this.#cursor) onPassed(upTo)
    this.#cursor = upTo
    onDue(due)
    for (const { alarm, line } of draft.lines) {
      log[isLogged(alarm, line) ? 'info' : 'debug'](
        {
          alarm: alarm.id,
          site: alarm.site.id,
          device: alarm.device.id,
          trigger: alarm.trigger,
          mode: alarm.mode,
          stage: line.stage,
          // A person's name stays in the history (contract: no name in a log).
          by: isPersonal(line) ? 'person' : line.by,
        },
        `alarm.${line.what}`,
      )
      onStep(alarm, line)
    }
  }

  #changeOf(draft: Draft, inbound: Inbound[], progress: Progress | null, clockMovedMs?: number): DeskChange {
    const { clock, newId, endpoints } = this.#options
    const now = clock()
    const open = draft.open()
    const messages = draft.messages.map(({ type, alarm, except, gathered }) => ({
      ...alarmMessage(
        newId(),
        type,
        { ...alarm, neighbours: neighboursOf(alarm, open) },
        now,
        endpoints(alarm.escalationLevel).filter(endpoint => endpoint !== except),
      ),
      ...(gathered && { gatherMs }),
    }))
    return {
      ...draft.change(),
      messages,
      settled: inbound.flatMap(({ settled }) => settled ?? []),
      responses: draft.responses,
      receipts: inbound.flatMap(({ receipt }) => receipt?.() ?? []),
      audit: inbound.flatMap(({ audit }) => audit?.() ?? []),
      progress,
      ...(clockMovedMs !== undefined && { clockMovedMs }),
    }
  }
}

const isPersonal = ({ what }: Alarm['history'][number]): boolean =>
  what === 'acknowledged' || what === 'dispatched' || what === 'arrived' || what === 'closed'
