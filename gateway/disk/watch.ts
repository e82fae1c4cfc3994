import { statfs } from 'node:fs/promises'
import type { Fault } from '../../schemas/webhook.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { levelOf, reserveBytes } from './level.ts'
import { Reserve } from './reserve.ts'
import type { Room, WaitingAlarm } from './room.ts'
import { troubleOf } from './trouble.ts'

/**
 * Looks at the disk each second, and at once when a commit failed: how much room there is, whether writing works, whether it
 * has stopped to answer. Says what it found; somebody else tells (disk-watching.ts).
 */
export type DiskWatchOptions = {
  dir: string
  room: Room
  /** Why nothing can be written, as the storage thread said last. */
  failure: () => { code: string; message: string } | undefined
  /** Publishes that wait for their commit, and how many have been answered so far. */
  progress: () => { queued: number; answered: number }
  nowMs: () => number
  log: Log
  /** Each second while something is wrong and has been for a moment, and once when it no longer is. */
  onTrouble: (fault: Fault | undefined, lastedMs: number) => void
  /** All alarm events that have waited too long. Each second, also when there is none. */
  onWaitingAlarms: (alarms: readonly WaitingAlarm[]) => void
}

const lookEveryMs = 1000
/** What passes by itself within it, a lock or one failed write, is nobody's business. */
const graceMs = 1000
const stalledAfterMs = 5000
/** An alarm's wait before it is told another way, while the disk is known to be sick, and while nobody knows why it waits. */
const patienceMs = { sick: 1000, unknown: 3000 }

export class DiskWatch {
  readonly #options: DiskWatchOptions
  readonly #reserve: Reserve
  #timer: NodeJS.Timeout | undefined
  #freeBytes = Number.NaN
  #moved = { answered: -1, atMs: 0 }
  #since: number | undefined
  #isTold = false
  #isLooking = false
  #stopped = false

  constructor(options: DiskWatchOptions) {
    this.#options = options
    this.#reserve = new Reserve(options.dir)
  }

  start(): void {
    this.heard()
    this.#timer = setInterval(() => {
      // A disk that hangs doesn't answer a look either: what is known without one is told all the same.
      if (!this.#isLooking) void this.#look()
      this.#judge()
      this.#tellAlarms()
    }, lookEveryMs)
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#timer)
  }

  /** Bytes; NaN before the first look, and where the disk doesn't say. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  /** What is wrong now; undefined: nothing. */
  trouble(): Fault | undefined {
    return troubleOf({
      failure: this.#options.failure(),
      stalledMs: this.#stalledMs(),
      level: this.#options.room.level,
    })
  }

  /** The storage thread said how it is. */
  heard(): void {
    if (this.#options.failure()?.code === noRoom) this.#makeRoom()
    this.#judge()
  }

  async #look(): Promise<void> {
    const { dir, log, room, failure } = this.#options
    this.#isLooking = true
    try {
      const { bavail, blocks, bsize } = await statfs(dir)
      if (this.#stopped) return
      this.#freeBytes = bavail * bsize
      room.level = levelOf(room.level, this.#freeBytes, blocks * bsize, failure()?.code === noRoom)
      if (room.level === 'roomy' && !this.#reserve.held && failure() === undefined)
        await this.#reserve.take(reserveBytes(blocks * bsize))
    } catch (error) {
      log.debug({ err: messageOf(error) }, 'disk.unread')
    } finally {
      this.#isLooking = false
    }
  }

  #makeRoom(): void {
    this.#options.room.level = 'full'
    try {
      this.#reserve.give()
    } catch (error) {
      this.#options.log.error({ err: messageOf(error) }, 'disk.reserve-kept')
    }
  }

  #judge(): void {
    const { nowMs, onTrouble } = this.#options
    const now = nowMs()
    const fault = this.trouble()
    if (fault === undefined) {
      const lastedMs = this.#since === undefined ? 0 : now - this.#since
      this.#since = undefined
      if (this.#isTold) onTrouble(undefined, lastedMs)
      this.#isTold = false
      return
    }
    this.#since ??= now
    if (now - this.#since < graceMs && fault.code !== 'journal-gone') return
    this.#isTold = true
    onTrouble(fault, now - this.#since)
  }

  /** How long nothing was answered although something waits, where that is too long. */
  #stalledMs(): number | undefined {
    const { progress, nowMs } = this.#options
    const { queued, answered } = progress()
    if (queued === 0 || answered !== this.#moved.answered) this.#moved = { answered, atMs: nowMs() }
    const forMs = nowMs() - this.#moved.atMs
    return forMs >= stalledAfterMs ? forMs : undefined
  }

  #tellAlarms(): void {
    const { room, nowMs, onWaitingAlarms } = this.#options
    const now = nowMs()
    const patience = this.#since === undefined ? patienceMs.unknown : patienceMs.sick
    const late = [...room.waitingAlarms()].filter(({ sinceMs }) => now - sinceMs >= patience)
    onWaitingAlarms(late)
  }
}

const noRoom = 'sqlite-13'
