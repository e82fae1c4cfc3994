import type { Stats } from '../../../../schemas/api.ts'
import type { Condition } from '../../../../schemas/condition.ts'

/** The conservation check as equations: nothing that came in is missing (contract 6). Pure. */
export type Equation = { whole: Term; parts: Term[]; holds: boolean }
/** `name`: a word of words/health.ts. */
export type Term = {
  name: 'received' | 'accepted' | 'duplicate' | 'rejected' | 'done' | 'pending' | 'quarantined'
  count: number
}

const equation = (whole: Term, parts: Term[]): Equation => ({
  whole,
  parts,
  holds: whole.count === parts.reduce((sum, { count }) => sum + count, 0),
})

export function conservation(stats: Stats): { received: Equation; consumers: { name: string; equation: Equation }[] } {
  const { received, accepted, duplicate, rejected } = stats
  return {
    received: equation({ name: 'received', count: received }, [
      { name: 'accepted', count: accepted },
      { name: 'duplicate', count: duplicate },
      { name: 'rejected', count: rejected },
    ]),
    consumers: Object.entries(stats.consumers).map(([name, { done, pending, quarantined }]) => ({
      name,
      equation: equation({ name: 'accepted', count: accepted }, [
        { name: 'done', count: done },
        { name: 'pending', count: pending },
        { name: 'quarantined', count: quarantined },
      ]),
    })),
  }
}

/** What a person should look at, worst first; none: all is well. */
export type Worry =
  | { is: 'trouble'; text: string }
  | { is: 'unbalanced' }
  | { is: 'disk'; level: 'tight' | 'full' }
  | { is: 'endpoint'; id: string; pending: number; error: string | null }
  | { is: 'lag'; consumer: string; seconds: number }
  | { is: 'influx' }
  | { is: 'quarantined'; consumer: string; count: number }
  | { is: 'loop'; maxMs: number }
  | { is: 'noEndpoint' }

const lagSeconds = 30
/** gateway/event-loop.ts speaks of it in the log from there on. */
const loopMs = 250
const waitedMs = 10_000

export function worriesOf(condition: Condition, stats: Stats): Worry[] {
  const { trouble, disk, endpoints, lag, influx, eventLoop } = condition
  const { received, consumers } = conservation(stats)
  const now = Date.parse(condition.at)
  const worries: Worry[] = []
  if (trouble !== null) worries.push({ is: 'trouble', text: trouble })
  if (!received.holds || consumers.some(({ equation }) => !equation.holds)) worries.push({ is: 'unbalanced' })
  if (disk.level !== 'roomy') worries.push({ is: 'disk', level: disk.level })
  if (endpoints.length === 0) worries.push({ is: 'noEndpoint' })
  for (const { id, pending, oldestPendingAt, lastError } of endpoints)
    if (oldestPendingAt !== null && (lastError !== null || now - Date.parse(oldestPendingAt) > waitedMs))
      worries.push({ is: 'endpoint', id, pending, error: lastError })
  if (influx?.waiting) worries.push({ is: 'influx' })
  for (const { consumer, entries, seconds } of lag)
    if (entries > 0 && seconds > lagSeconds) worries.push({ is: 'lag', consumer, seconds })
  for (const [consumer, { quarantined }] of Object.entries(stats.consumers))
    if (quarantined > 0) worries.push({ is: 'quarantined', consumer, count: quarantined })
  if (eventLoop !== null && eventLoop.maxMs > loopMs) worries.push({ is: 'loop', maxMs: eventLoop.maxMs })
  return worries
}
