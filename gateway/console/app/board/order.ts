import type { Alarm } from '../../../../schemas/alarm.ts'
import { isUnacknowledged } from './deadline.ts'

const gravity = { actual: 0, drill: 1, test: 2 } as const

/** Real before drill before test; what nobody has taken over first; then who has waited longest. */
export const inOrder = (open: readonly Alarm[]): Alarm[] =>
  open.toSorted(
    (one, other) =>
      gravity[one.mode] - gravity[other.mode] ||
      Number(isUnacknowledged(other)) - Number(isUnacknowledged(one)) ||
      Date.parse(one.receivedAt) - Date.parse(other.receivedAt) ||
      one.id.localeCompare(other.id),
  )

/**
 * Which alarm is open beside the list. One that somebody works on stays, whatever comes; where nothing is open, or only one that
 * is closed already, the first that nobody has taken over opens by itself. A drill or test that nobody has taken over is no work
 * yet: it gives way to what is real. `dismissed`: put away by hand, by `asSeen`.
 */
export function shownOf(
  current: Alarm | undefined,
  open: readonly Alarm[],
  dismissed: ReadonlySet<string>,
): Alarm | undefined {
  const waiting = inOrder(open).filter(alarm => !dismissed.has(asSeen(alarm)))
  const first = waiting.find(isUnacknowledged)
  if (current === undefined || current.stage === 'closed') return first ?? current ?? waiting[0]
  const givesWay = current.mode !== 'actual' && isUnacknowledged(current)
  return givesWay && first?.mode === 'actual' ? first : current
}

/** An alarm as an officer knows it: one that turned real is another than the drill that was put away. */
export const asSeen = ({ id, mode }: Alarm): string => `${mode} ${id}`

/** What to speak: the one that came last of those that nobody has taken over. */
export const newestOf = (open: readonly Alarm[]): Alarm | undefined =>
  open
    .filter(isUnacknowledged)
    .toSorted((one, other) => Date.parse(other.receivedAt) - Date.parse(one.receivedAt))
    .at(0)

/** The one above or below in the list, where there is one. */
export function neighbourOf(list: readonly Alarm[], id: string | undefined, by: 1 | -1): Alarm | undefined {
  const at = list.findIndex(alarm => alarm.id === id)
  return at === -1 ? list[by === 1 ? 0 : list.length - 1] : list[at + by]
}
