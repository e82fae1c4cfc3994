import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Message } from './message.ts'

/**
 * Messages that are no part of an alarm, on their way to disk: in their order, and again until the disk takes them, since what
 * supervision has told once it doesn't tell again. Deliveries take over from there.
 */
const retryMs = 1000
const maxWaiting = 1000

export class Outbox<Due> {
  readonly #store: (message: Message) => Promise<Due[]>
  readonly #onDue: (due: Due[]) => void
  readonly #log: Log
  readonly #waiting: Message[] = []
  #writing: Promise<void> | undefined
  #stopping = false

  constructor(options: { store: (message: Message) => Promise<Due[]>; onDue: (due: Due[]) => void; log: Log }) {
    this.#store = options.store
    this.#onDue = options.onDue
    this.#log = options.log
  }

  /** For nobody is for nothing: a message without endpoints is left out. */
  say(message: Message): void {
    if (message.endpoints.length === 0) return
    if (this.#waiting.length >= maxWaiting) {
      this.#log.error({ type: message.type, subject: message.subject }, 'message.dropped')
      return
    }
    this.#waiting.push(message)
    this.#writing ??= this.#write()
  }

  /** Resolves when nothing waits any more, or the disk has refused what does. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#writing
  }

  async #write(): Promise<void> {
    for (;;) {
      const message = this.#waiting[0]
      if (message === undefined) break
      try {
        const due = await this.#store(message)
        this.#waiting.shift()
        this.#onDue(due)
      } catch (error) {
        this.#log.error({ type: message.type, subject: message.subject, err: messageOf(error) }, 'message.unwritten')
        if (this.#stopping) break
        await new Promise(resolve => setTimeout(resolve, retryMs))
      }
    }
    this.#writing = undefined
  }
}
