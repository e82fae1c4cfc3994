import { OperationalError } from '../errors.ts'
import type { Journal, Publish } from '../journal/journal.ts'
import { isTaken, type Level } from './level.ts'

/**
 * Stands before the journal and keeps back what there is no room for (disk/level.ts). What is kept back has no PUBACK; its
 * device keeps it too. An alarm passes by: it is stored and told at once, only its answer waits behind what its device sent
 * before, since PUBACKs go out in the order of the publishes [MQTT-4.6.0-2].
 *
 * It also knows which alarms wait for the disk and since when: while they do, somebody should hear of them another way.
 */
type Done = Parameters<Journal['append']>[1]
type Answer = Parameters<Done>
/** Of one device, in order; `answer`: known, and waits for those before it. */
type Slot = { publish: Publish; done: Done; appended: boolean; answer?: Answer }
export type WaitingAlarm = { publish: Publish; sinceMs: number }

/** Beyond it a publish is refused, which cuts its connection. */
const maxKeptBytes = 64 * 1024 * 1024
const slotBytes = 512
/** Presses that wait; what comes beyond them is stored like any other and only not told of before. */
const maxAlarms = 1000

export class Room implements Journal {
  readonly #journal: Journal
  readonly #nowMs: () => number
  readonly #kept = new Map<string, Slot[]>()
  readonly #alarms = new Map<Publish, WaitingAlarm>()
  #keptBytes = 0
  #level: Level = 'roomy'

  /** `nowMs`: never jumps. */
  constructor(journal: Journal, nowMs: () => number) {
    this.#journal = journal
    this.#nowMs = nowMs
  }

  append(publish: Publish, done: Done): void {
    const kind = 'reason' in publish ? undefined : publish.kind
    if (kind === 'alarm') this.#appendAlarm(publish, done)
    else if (this.#level === 'roomy' && this.#kept.size === 0) this.#journal.append(publish, done)
    else this.#line(publish, kind, done)
  }

  /** How much there is room for from now on. What was kept back and may go now goes, in its order. */
  set level(level: Level) {
    this.#level = level
    for (const slots of this.#kept.values())
      for (const slot of [...slots]) if (!slot.appended && this.#mayGo(slot.publish)) this.#go(slot, slots)
  }

  get level(): Level {
    return this.#level
  }

  /** Alarm events that came and are neither stored nor refused. */
  waitingAlarms(): Iterable<WaitingAlarm> {
    return this.#alarms.values()
  }

  /** On disk; its answer may wait behind what its device sent before. */
  stored(alarm: Publish): void {
    this.#alarms.delete(alarm)
  }

  /** The gateway stops: what is kept back is refused, and its device sends it again. */
  refuseKept(): void {
    const error = new OperationalError('disk-full', 'the disk is nearly full', { retryable: true })
    for (const slots of this.#kept.values())
      for (const slot of [...slots]) if (!slot.appended) this.#answered(slot, slots, [error])
  }

  #appendAlarm(publish: Publish, done: Done): void {
    let answer = done
    if (this.#alarms.size < maxAlarms) {
      this.#alarms.set(publish, { publish, sinceMs: this.#nowMs() })
      answer = (...given) => {
        this.#alarms.delete(publish)
        done(...given)
      }
    }
    if (this.#kept.has(publish.device)) this.#line(publish, 'alarm', answer)
    else this.#journal.append(publish, answer)
  }

  /** Behind what its device has sent before. */
  #line(publish: Publish, kind: string | undefined, done: Done): void {
    const { device } = publish
    const slots = this.#kept.get(device)
    const mayGo = isTaken(this.#level, kind)
    if (slots === undefined && mayGo) {
      this.#journal.append(publish, done)
      return
    }
    const bytes = publish.payload.byteLength + slotBytes
    if (!mayGo && this.#keptBytes + bytes > maxKeptBytes) {
      done(new OperationalError('disk-full', 'the disk is nearly full', { retryable: true }))
      return
    }
    this.#keptBytes += bytes
    const slot: Slot = { publish, done, appended: false }
    const line = slots ?? []
    line.push(slot)
    this.#kept.set(device, line)
    if (mayGo) this.#go(slot, line)
  }

  #mayGo(publish: Publish): boolean {
    return isTaken(this.#level, 'reason' in publish ? undefined : publish.kind)
  }

  #go(slot: Slot, slots: Slot[]): void {
    slot.appended = true
    this.#journal.append(slot.publish, (...answer) => this.#answered(slot, slots, answer))
  }

  #answered(slot: Slot, slots: Slot[], answer: Answer): void {
    slot.appended = true
    slot.answer = answer
    while (slots[0]?.answer !== undefined) {
      const first = slots.shift() as Slot & { answer: Answer }
      this.#keptBytes -= first.publish.payload.byteLength + slotBytes
      if (slots.length === 0) this.#kept.delete(first.publish.device)
      first.done(...first.answer)
    }
  }
}
