import { setTimeout as sleep } from 'node:timers/promises'
import type { Quarantined } from '../journal/journal.ts'
import type { Refused } from './halving.ts'

export type SuspectsOptions = {
  /** Writes the points again; what InfluxDB still refuses comes back. Rejects when InfluxDB can't be asked. */
  write: (points: Refused[]) => Promise<Refused[]>
  tries: number
  everyMs: number
  /** Monotonic milliseconds. */
  clock: () => number
}

/**
 * Points that InfluxDB refused one by one. Each is tried again `tries` times, `everyMs` apart, and only then given up:
 * a proxy or a server that is starting can answer wrongly for some seconds, and a valid event must not be lost to
 * that. Meanwhile the consumer goes on with the next batches and keeps its cursor before this one.
 *
 * A reason that held through all its tries is believed at once for a minute, so that one device which is wrong
 * every second costs no ten seconds every second.
 */
export function createSuspects({ write, tries, everyMs, clock }: SuspectsOptions) {
  const closing = new AbortController()
  const believed = new Map<string, number>()
  /** Groups take turns, so that suspects never use more than one connection. */
  let turn: Promise<unknown> = Promise.resolve()

  async function settle(group: Refused[]): Promise<Quarantined[]> {
    const lost = group.filter(({ reason }) => (believed.get(reason) ?? 0) > clock())
    let left = group.filter(suspect => !lost.includes(suspect))
    for (let tried = 0; tried < tries && left.length > 0; ) {
      await sleep(everyMs, undefined, { signal: closing.signal })
      const again = turn.then(() => write(left))
      turn = again.catch(() => {})
      // An outage is no refusal: it costs no try.
      const refused = await again.catch(() => undefined)
      if (refused === undefined) continue
      left = refused
      tried += 1
    }
    for (const { reason } of left) believe(reason)
    return [...lost, ...left].map(({ seq, reason }) => ({ seq, reason })).sort((a, b) => a.seq - b.seq)
  }

  function believe(reason: string) {
    believed.delete(reason)
    believed.set(reason, clock() + believedMs)
    const [oldest] = believed.keys()
    if (believed.size > believedLimit && oldest !== undefined) believed.delete(oldest)
  }

  return {
    /** Resolves with those that were given up. Rejects after `close`. */
    settle,
    close: () => closing.abort(),
  }
}

const believedMs = 60_000
const believedLimit = 100
