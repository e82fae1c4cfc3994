import { setTimeout as after } from 'node:timers/promises'
import type { Message } from '../alarms/message.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { Poster } from './post.ts'
import { sign } from './signature.ts'

/**
 * Sends what can't be stored: that the disk takes nothing. Best effort, from memory: a few tries per endpoint, gone with the
 * process, and of too many at once the last are left out. Anything that can be stored goes by a delivery (deliver.ts).
 */
export type UnstoredOptions = {
  /** Those in force now. */
  targets: () => readonly { id: string; url: string; keys: Buffer[] }[]
  clock: Clock
  log: Log
}

const timeoutMs = 3000
/** Before each try. */
const pausesMs = [0, 1000, 4000]
const maxUnderWay = 200

export class UnstoredSender {
  readonly #options: UnstoredOptions
  readonly #poster = new Poster()
  readonly #stopping = new AbortController()
  #underWay = 0

  constructor(options: UnstoredOptions) {
    this.#options = options
  }

  /** Resolves when each endpoint has it or was tried often enough. Never rejects. */
  async send(message: Message): Promise<void> {
    const targets = this.#options.targets().filter(({ id }) => message.endpoints.includes(id))
    await Promise.all(targets.map(target => this.#sendTo(target, message)))
  }

  stop(): void {
    this.#stopping.abort()
    this.#poster.close()
  }

  async #sendTo(target: ReturnType<UnstoredOptions['targets']>[number], message: Message): Promise<void> {
    const { clock, log } = this.#options
    const line = { endpoint: target.id, type: message.type, subject: message.subject }
    if (this.#underWay >= maxUnderWay) {
      log.error(line, 'message.dropped')
      return
    }
    this.#underWay++
    for (const pauseMs of pausesMs) {
      await after(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => {})
      if (this.#stopping.signal.aborted) break
      const timestampS = Math.floor(clock() / 1000)
      const headers = {
        'webhook-id': message.id,
        'webhook-timestamp': String(timestampS),
        'webhook-signature': sign(target.keys, message.id, timestampS, message.body),
      }
      const attempt = await this.#poster.post(target.url, headers, message.body, timeoutMs)
      log.info(attempt.delivered ? line : { ...line, error: attempt.error }, 'unstored.attempted')
      if (attempt.delivered) break
    }
    this.#underWay--
  }
}
