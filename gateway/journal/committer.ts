import type { Progress, Quarantined } from './journal.ts'

type Batch = { upTo: number; passed: number; quarantined?: Quarantined[] }

/**
 * Keeps the cursor behind the first batch that is not settled. Batches settle in any order and are committed in the
 * journal's; all that wait for the same commit go in one.
 * `commit` resolves to false where it was not done because the gateway stops: then nothing more is committed.
 */
export function createCommitter(limit: number, commit: (progress: Progress) => Promise<boolean>) {
  const batches: Batch[] = []
  let cursor = 0
  let unsettled = 0
  let working = false
  let flushing: Promise<void> = Promise.resolve()
  let room: PromiseWithResolvers<void> | undefined
  let stopped = false
  let ended = false

  async function work() {
    working = true
    try {
      for (;;) {
        const open = batches.findIndex(({ quarantined }) => quarantined === undefined)
        const settled = open < 0 ? [...batches] : batches.slice(0, open)
        const last = settled.at(-1)
        if (last === undefined || ended) return
        const passed = settled.reduce((sum, batch) => sum + batch.passed, 0)
        const quarantined = settled.flatMap(batch => batch.quarantined ?? [])
        if (!(await commit({ upTo: last.upTo, passed, quarantined }))) return
        batches.splice(0, settled.length)
        cursor = last.upTo
        unsettled -= passed
        room?.resolve()
      }
    } finally {
      working = false
    }
  }

  return {
    startAt(seq: number) {
      cursor = seq
    },
    cursor: () => cursor,
    /** Entries that are not committed. */
    unsettled: () => unsettled,
    add(upTo: number, passed: number): (quarantined: Quarantined[]) => void {
      const batch: Batch = { upTo, passed }
      batches.push(batch)
      unsettled += passed
      return quarantined => {
        batch.quarantined = quarantined
        if (!working) flushing = work()
      }
    },
    /** Resolves when fewer than `limit` entries are not committed, or after `stop`. */
    async room(): Promise<void> {
      while (unsettled >= limit && !stopped) {
        room = Promise.withResolvers()
        await room.promise
      }
    },
    stop() {
      stopped = true
      room?.resolve()
    },
    /** No commit begins after it: another consumer may be at work. */
    end() {
      ended = true
    },
    /** Resolves when what is settled now is committed. */
    flushed: (): Promise<void> => flushing,
  }
}
