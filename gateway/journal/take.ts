import { messageOf } from '../errors.ts'
import type { Numbered, Quarantined } from './journal.ts'

/**
 * What became of a batch: all entries are done but those quarantined; or all but a few that are set aside, and
 * `settled` resolves with the quarantined once those are done or given up too. The cursor waits for it, the loop
 * doesn't.
 */
export type Taken = Quarantined[] | { settled: Promise<Quarantined[]> }

/**
 * Takes a batch in which an entry may be poison (design 10). What `take` throws is tried `tries` times; then the batch
 * is halved until the entry stands alone and is quarantined with the error's message. undefined: `take` gave up because
 * the gateway stops.
 */
export async function takeIsolating<E extends Numbered>(
  entries: E[],
  take: (entries: E[]) => Promise<Taken | undefined>,
  tries: number,
  pause: () => Promise<void>,
): Promise<Taken | undefined> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await take(entries)
    } catch (error) {
      if (tried < tries) {
        await pause()
        continue
      }
      const [only] = entries
      if (entries.length === 1 && only !== undefined)
        return [{ seq: only.seq, reason: messageOf(error).slice(0, reasonLimit) }]
      const middle = entries.length >> 1
      const first = await takeIsolating(entries.slice(0, middle), take, 1, pause)
      const second = first && (await takeIsolating(entries.slice(middle), take, 1, pause))
      return second && { settled: Promise.all([settledOf(first), settledOf(second)]).then(parts => parts.flat()) }
    }
  }
}

export const settledOf = async (taken: Taken): Promise<Quarantined[]> =>
  Array.isArray(taken) ? taken : await taken.settled

/** Longest reason that is kept, characters. */
const reasonLimit = 300
