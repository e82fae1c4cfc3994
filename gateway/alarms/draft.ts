import type { Alarm, HistoryLine } from '../../schemas/alarm.ts'
import type { MessageType } from '../../schemas/webhook.ts'
import { type DeadlinePlan, deadlinesAfter, deadlinesAgain, deadlinesAtRaise, deadlinesMoved } from './deadlines.ts'
import type { DeskChange } from './desk-store.ts'
import { isGathered, isKept } from './gathering.ts'
import { type Input, type Refusal, type Step, step } from './life-cycle.ts'
import { type Legs, legsOf } from './response.ts'

/** Open alarms by id. At most one per device and trigger, so the registry bounds it. */
export type OpenAlarms = Map<string, Alarm>

/** What one turn of the desk would change. Nothing of it is believed until it is on disk; then `apply` makes it so. */
export class Draft {
  readonly #open: OpenAlarms
  readonly #plan: (alarm: Alarm) => DeadlinePlan
  readonly #changed = new Map<string, Alarm>()
  readonly #openings = new Set<string>()
  readonly lines: { alarm: Alarm; line: HistoryLine }[] = []
  readonly messages: { type: MessageType; alarm: Alarm; except: string | undefined; gathered: boolean }[] = []

  /** Alarms that this turn closes, with how long each leg of their response took. */
  readonly responses: { alarm: Alarm; legs: Legs }[] = []

  constructor(open: OpenAlarms, plan: (alarm: Alarm) => DeadlinePlan) {
    this.#open = open
    this.#plan = plan
  }

  /** Open alarms as this turn leaves them, in the order in which they were raised. */
  open(): Alarm[] {
    const all = new Map([...this.#open, ...this.#changed])
    return [...all.values()].filter(({ stage }) => stage !== 'closed')
  }

  get(id: string): Alarm | undefined {
    return this.#changed.get(id) ?? this.#open.get(id)
  }

  /** A device that was moved to another site opens a new alarm there: its old one names the old address. */
  openOf({ site, device }: { site: string; device: string }, trigger: Alarm['trigger']): Alarm | undefined {
    const matches = (alarm: Alarm) => alarm.device.id === device && alarm.site.id === site && alarm.trigger === trigger
    for (const alarm of this.#changed.values()) if (matches(alarm) && alarm.stage !== 'closed') return alarm
    for (const alarm of this.#open.values()) if (matches(alarm) && !this.#changed.has(alarm.id)) return alarm
    return undefined
  }

  /** Its deadlines count from when it was received; from `now` where that lies ahead, as the clock was set back since. */
  raise(alarm: Alarm, now: number): void {
    this.#openings.add(alarm.id)
    const deadlines = deadlinesAtRaise(this.#plan(alarm), Math.min(Date.parse(alarm.receivedAt), now))
    this.#keep(alarm, { ...alarm, deadlines }, alarm.history[0] as HistoryLine, ['alarm.raised'], undefined)
  }

  /** The clock is set by so much: what is planned on it goes with it. */
  moveDeadlines(byMs: number): void {
    for (const alarm of this.open())
      this.#changed.set(alarm.id, { ...alarm, deadlines: deadlinesMoved(alarm.deadlines, byMs) })
  }

  /** `except`: the endpoint that caused it and needs no message about it. */
  step(alarm: Alarm, input: Input, except?: string): Step | Refusal {
    const result = step(alarm, input)
    if ('refused' in result) return result
    const { stage } = result.alarm
    const changed = { ...result.alarm, deadlines: this.#deadlinesOf(alarm, result.alarm, input) }
    this.#keep(alarm, changed, result.line, result.messages, except)
    if (stage === 'closed') this.responses.push({ alarm: changed, legs: legsOf(changed) })
    return { ...result, alarm: changed }
  }

  #deadlinesOf(before: Alarm, after: Alarm, input: Input): Alarm['deadlines'] {
    const { stage, mode, deadlines } = after
    if (stage !== before.stage) return deadlinesAfter(this.#plan(after), deadlines, stage, input.at)
    if (mode === before.mode) return deadlines
    // It was a test or a drill and has become real: what was met for that counts for nothing now.
    return deadlinesAgain(this.#plan(after), stage, ('receivedAt' in input && input.receivedAt) || input.at)
  }

  #keep(before: Alarm, alarm: Alarm, line: HistoryLine, messages: MessageType[], except: string | undefined): void {
    this.#changed.set(alarm.id, alarm)
    this.lines.push({ alarm, line })
    for (const type of messages) {
      const gathered = isGathered(type, before, alarm)
      if (gathered) this.#replaceGathered(type, alarm.id)
      this.messages.push({ type, alarm, except, gathered })
    }
  }

  #replaceGathered(type: MessageType, alarm: string): void {
    const index = this.messages.findLastIndex(
      other => other.gathered && other.type === type && other.alarm.id === alarm,
    )
    if (index >= 0) this.messages.splice(index, 1)
  }

  change(): Pick<DeskChange, 'openings' | 'alarms' | 'lines'> {
    const changed = [...this.#changed.values()]
    return {
      openings: changed.filter(alarm => this.#openings.has(alarm.id)),
      alarms: changed.filter(alarm => !this.#openings.has(alarm.id)),
      lines: this.lines
        .filter(({ alarm, line }) => isKept(alarm, line))
        .map(({ alarm, line }) => ({ alarm: alarm.id, line })),
    }
  }

  apply(): void {
    for (const [id, alarm] of this.#changed) {
      if (alarm.stage === 'closed') this.#open.delete(id)
      else this.#open.set(id, alarm)
    }
  }
}
