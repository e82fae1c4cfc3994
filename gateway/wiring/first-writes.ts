import { Reserve } from '../disk/reserve.ts'
import { messageOf, OperationalError } from '../errors.ts'
import type { Log } from '../log.ts'

/**
 * What a start writes. A disk that takes nothing must not keep the gateway from starting, since alarms come to it all the same
 * and can be told from memory: what can't be written is put off until it can. On a full disk the reserve is given first.
 */
const againEveryMs = 5000
const unopened = 'journal-unopened'
const noRoom = 'sqlite-13'

export class FirstWrites {
  readonly #reserve: Reserve
  readonly #log: Log
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(dataDir: string, log: Log) {
    this.#reserve = new Reserve(dataDir)
    this.#log = log
  }

  /** Once more without the reserve, where the file can't be opened: SQLite needs room for that too, and doesn't always say so. */
  async open<T>(open: () => Promise<T>): Promise<T> {
    return await open().catch(error => {
      if (codeOf(error) !== unopened || !this.#give()) throw error
      return open()
    })
  }

  /** Resolves when it is written or put off. Rejects with what isn't the disk's fault. */
  async write(what: string, write: () => Promise<void>): Promise<void> {
    try {
      await write().catch(error => {
        if (codeOf(error) !== noRoom || !this.#give()) throw error
        return write()
      })
    } catch (error) {
      if (!(error instanceof OperationalError) || !error.retryable) throw error
      this.#log.error({ what, err: messageOf(error) }, 'start.put-off')
      this.#again(what, write)
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #again(what: string, write: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      write().then(
        () => this.#log.info({ what }, 'start.caught-up'),
        () => this.#again(what, write),
      )
    }, againEveryMs)
    this.#timers.add(timer)
  }

  /** False: there was none. */
  #give(): boolean {
    const had = this.#reserve.exists
    this.#reserve.give()
    if (had) this.#log.warn('disk.reserve-given: the disk is full; make room')
    return had
  }
}

const codeOf = (error: unknown): string | undefined => (error instanceof OperationalError ? error.code : undefined)
