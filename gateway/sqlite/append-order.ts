import { type Item, Lane } from '../journal/fair-queue.ts'
import type { Outcome, Publish } from '../journal/journal.ts'

/** One publish from its append to its answer. `order` counts the appends of its device. */
export interface Waiting extends Item<Waiting> {
  readonly publish: Publish
  readonly done: (error: Error | null, outcome?: Outcome) => void
  readonly sender: Sender
  readonly order: number
  outcome: Outcome | undefined
  error: Error | null
}
export type Answered = Pick<Waiting, 'publish' | 'outcome'>

/**
 * What waits of one device. Its alarms are stored before what it said earlier, but it is answered in the order in which it
 * said things [MQTT-4.6.0-2]: an alarm that has overtaken is stored and told, and its answer waits for the earlier ones.
 */
export class Sender {
  readonly alarms = new Lane<Waiting>()
  readonly others = new Lane<Waiting>()
  /** Its place in the batch that is being made, sqlite/append-batch.ts. */
  batch = 0
  place = 0
  /** Its alarms that the desk hasn't followed, journal/alarm-pace.ts. */
  alarmsAhead = 0
  #appended = 0
  #answered = 0
  /** On disk and not answered, in order. */
  #early: Waiting[] | undefined

  next(publish: Publish, done: Waiting['done'], bytes: number): Waiting {
    return {
      publish,
      done,
      bytes,
      sender: this,
      order: this.#appended++,
      next: undefined,
      outcome: undefined,
      error: null,
    }
  }

  /** Calls `done`, of this one and of those that waited for it, as soon as it is their turn; `heard` before each. */
  answer(waiting: Waiting, heard: (answered: Answered) => void): void {
    if (waiting.order !== this.#answered) {
      this.#early ??= []
      this.#early.push(waiting)
      return
    }
    this.#tell(waiting, heard)
    while (this.#early !== undefined && this.#early[0]?.order === this.#answered) {
      const [next] = this.#early.splice(0, 1)
      if (this.#early.length === 0) this.#early = undefined
      this.#tell(next as Waiting, heard)
    }
  }

  #tell(waiting: Waiting, heard: (answered: Answered) => void): void {
    this.#answered++
    heard(waiting)
    waiting.done(waiting.error, waiting.outcome)
  }
}
