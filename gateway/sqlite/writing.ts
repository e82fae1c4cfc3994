import type { DatabaseSync } from 'node:sqlite'
import { type Failure, failureOf, isDamage, isSickDisk } from './request.ts'

/**
 * How the storage thread writes: each group of calls is one transaction. While the disk takes nothing (full, read-only, an I/O
 * error, locked by somebody) appends are held here, in their order, and tried again until it does: a device keeps its connection
 * and waits for its PUBACK, instead of a fleet that is cut, comes again and sends everything again, each second. Any other
 * call fails at once, since whoever makes it has a way of its own to try again. An append that meets a damaged page is held
 * like that too, and what comes behind it: refused, its device would send it again without end, and nobody would be told.
 *
 * What is held is bounded by the append queue, which counts it as waiting.
 */
export type Call = { procedure: string; argument: unknown; answer(value: unknown): void; fail(error: unknown): void }

export type WritingOptions = {
  db: DatabaseSync
  run: (procedure: string, argument: unknown) => unknown
  /** Reads again what the procedures keep in memory: after a failure it may not be what the file holds. */
  reset: () => void
  /** After each commit and before its answer; throws where it was none, since the file is gone. */
  assertInPlace: () => void
  /** Once when writing begins to fail, and when it fails for another reason; undefined once it works again. */
  onTrouble: (failure: Failure | undefined) => void
  /** After each group that was written and answered. */
  onWritten: () => void
}

const firstRetryMs = 50
const lastRetryMs = 1000
const held = 'append'
/** A group commits after this many calls, so that the first of a flood isn't kept waiting for the last. */
export const callsPerGroup = 64

export function createWriting({ db, run, reset, assertInPlace, onTrouble, onWritten }: WritingOptions) {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  /** Writes, and changes nothing: shows that the disk works again when nobody else has anything to write. */
  const probe = db.prepare('UPDATE counter SET last_seq = last_seq')
  /**
   * What the procedures keep in memory may be believed: it is what the file holds. After a failure it isn't until it was read
   * again, and until then every call fails: an id that is taken for known, and isn't, would be an event lost.
   */
  let believed = true
  let waiting: Call[] = []
  let holding = true
  let trouble: string | undefined
  let retryMs = firstRetryMs
  let timer: NodeJS.Timeout | undefined

  const readAgain = () => {
    if (db.isTransaction) db.exec('ROLLBACK')
    reset()
    believed = true
  }

  function inTransaction<T>(work: () => T): T {
    if (!believed) readAgain()
    begin.run()
    try {
      const value = work()
      // Once it was found gone nothing more is committed to nowhere.
      if (trouble !== undefined) assertInPlace()
      commit.run()
      assertInPlace()
      return value
    } catch (error) {
      believed = false
      try {
        readAgain()
      } catch {
        // The disk is sick: the next call tries, and fails with its own error until it works.
      }
      throw error
    }
  }

  /** Answers each call, or fails it, or holds it. */
  function write(calls: readonly Call[]): void {
    if (waiting.length > 0) {
      // Nothing overtakes what is held.
      const [appends, others] = [calls.filter(isHeld), calls.filter(call => !isHeld(call))]
      waiting.push(...appends)
      if (others.length > 0) attempt(others)
    } else attempt(calls)
  }

  function attempt(calls: readonly Call[]): void {
    let values: unknown[]
    try {
      values = inTransaction(() => calls.map(({ procedure, argument }) => run(procedure, argument)))
    } catch (error) {
      if (isSickDisk(error) || (calls.length === 1 && isDamage(error))) failed(calls, error)
      else if (calls.length === 1) calls[0]?.fail(error)
      // One bad call must not fail its neighbours: each gets a transaction of its own, and only the bad one its error.
      else for (const call of calls) write([call])
      return
    }
    succeeded()
    for (const [index, call] of calls.entries()) call.answer(values[index])
    onWritten()
  }

  function failed(calls: readonly Call[], error: unknown): void {
    for (const call of calls)
      if (holding && isHeld(call)) waiting.push(call)
      else call.fail(error)
    const failure = failureOf(error)
    if (failure.code !== trouble) onTrouble(failure)
    trouble = failure.code
    timer ??= setTimeout(retry, retryMs)
    retryMs = Math.min(lastRetryMs, 2 * retryMs)
  }

  function succeeded(): void {
    // Where a page is damaged others can be written: what is held still is what is wrong.
    if (trouble === undefined || waiting.length > 0) return
    trouble = undefined
    retryMs = firstRetryMs
    onTrouble(undefined)
  }

  function retry(): void {
    timer = undefined
    while (waiting.length > 0) {
      const calls = waiting.slice(0, callsPerGroup)
      const later = waiting.slice(callsPerGroup)
      waiting = []
      attempt(calls)
      waiting.push(...later)
      if (trouble !== undefined) {
        timer ??= setTimeout(retry, retryMs)
        return
      }
    }
    if (trouble === undefined) return
    try {
      inTransaction(() => probe.run())
      succeeded()
    } catch (error) {
      failed([], error)
    }
  }

  return {
    write,
    inTransaction,
    /** From here on what can't be written fails: the gateway stops, and nobody waits for the disk any more. */
    holdNothing(): void {
      holding = false
      const calls = waiting
      waiting = []
      for (const call of calls) attempt([call])
    },
    close(): void {
      clearTimeout(timer)
    },
  }
}

const isHeld = ({ procedure }: Call): boolean => procedure === held
