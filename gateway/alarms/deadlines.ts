import type { Alarm, Stage } from '../../schemas/alarm.ts'
import type { DeadlineRule } from '../../schemas/registry.ts'
import { iso } from '../clock.ts'

/**
 * What an alarm must have reached by when (domain.md: EN 50518, NFPA 72, the 1/3/5-minute classes). Pure; the times stand in
 * the alarm itself, on disk, so a gateway that was down at one of them misses it late, once, and not never.
 */
export type DeadlinePlan = { deliverS: number; acknowledgeS: number[]; dispatchS: number; arriveS: number }

const defaults = { deliverS: 5, acknowledgeS: [30, 60, 90], dispatchS: 60 }

/** The first rule that fits the alarm's site kind and mode, over the defaults; arrival by the site's response class. */
export function planFor(rules: readonly DeadlineRule[], alarm: Alarm): DeadlinePlan {
  const rule = rules.find(
    ({ siteKind, mode }) =>
      (siteKind === undefined || siteKind === alarm.site.kind) && (mode === undefined || mode === alarm.mode),
  )
  return {
    deliverS: rule?.deliverS ?? defaults.deliverS,
    acknowledgeS: rule?.acknowledgeS ?? defaults.acknowledgeS,
    dispatchS: rule?.dispatchS ?? defaults.dispatchS,
    arriveS: (rule?.arriveMinutes ?? alarm.site.responseMinutes) * 60,
  }
}

const acknowledgeName = (index: number) => (index === 0 ? 'acknowledge' : `acknowledge-${index + 1}`)

/** Those that begin with the press. They count from when the gateway received it: a device's clock may be wrong. */
export function deadlinesAtRaise(plan: DeadlinePlan, receivedAt: number): Alarm['deadlines'] {
  return Object.fromEntries([
    ['deliver', iso(receivedAt + plan.deliverS * 1000)],
    ...plan.acknowledgeS.map((seconds, index) => [acknowledgeName(index), iso(receivedAt + seconds * 1000)]),
  ])
}

/** Those of an alarm that has just reached `stage` at `at`: what is met is gone, what now begins is there. */
export function deadlinesAfter(
  plan: DeadlinePlan,
  before: Alarm['deadlines'],
  stage: Stage,
  at: number,
): Alarm['deadlines'] {
  switch (stage) {
    case 'raised':
      return before
    case 'delivered': {
      const { deliver: _met, ...rest } = before
      return rest
    }
    case 'acknowledged':
      return { dispatch: iso(at + plan.dispatchS * 1000) }
    case 'dispatched':
      return { arrive: iso(at + plan.arriveS * 1000) }
    default:
      return {}
  }
}

/**
 * Those of an alarm at `stage` that has turned real at `at`, by a press that nobody has seen yet. It is to be acknowledged anew:
 * the next step that a person takes ends these, and until then each is missed at its time.
 */
export function deadlinesAgain(plan: DeadlinePlan, stage: Stage, at: number): Alarm['deadlines'] {
  const { deliver, ...acknowledge } = deadlinesAtRaise(plan, at)
  if (stage === 'raised') return { deliver: deliver as string, ...acknowledge }
  return { ...acknowledge, ...deadlinesAfter(plan, {}, stage, at) }
}

/** Moved by as much as the clock was set. */
export const deadlinesMoved = (deadlines: Alarm['deadlines'], byMs: number): Alarm['deadlines'] =>
  mapped(deadlines, due => due + byMs)

/**
 * As they are after a restart: none is further away than its whole time. One that is was planned on a clock that has been set
 * back since, and would be missed too late.
 */
export const deadlinesWithin = (plan: DeadlinePlan, deadlines: Alarm['deadlines'], now: number): Alarm['deadlines'] =>
  mapped(deadlines, (due, name) => Math.min(due, now + wholeS(plan, name) * 1000))

function wholeS({ deliverS, acknowledgeS, dispatchS, arriveS }: DeadlinePlan, name: string): number {
  if (name === 'deliver') return deliverS
  if (name === 'dispatch') return dispatchS
  return name === 'arrive' ? arriveS : Math.max(...acknowledgeS)
}

const mapped = (deadlines: Alarm['deadlines'], to: (due: number, name: string) => number): Alarm['deadlines'] =>
  Object.fromEntries(Object.entries(deadlines).map(([name, due]) => [name, iso(to(Date.parse(due), name))]))

/** The names that are missed at `now`, earliest first. */
export const missedAt = (deadlines: Alarm['deadlines'], now: number): string[] =>
  Object.entries(deadlines)
    .filter(([, due]) => Date.parse(due) <= now)
    .sort(([, one], [, other]) => Date.parse(one) - Date.parse(other))
    .map(([name]) => name)

/** When the next one of these alarms falls due, ms; undefined when none does. */
export function nextDue(alarms: Iterable<Alarm>): number | undefined {
  let next: number | undefined
  for (const { deadlines } of alarms)
    for (const due of Object.values(deadlines)) {
      const at = Date.parse(due)
      if (next === undefined || at < next) next = at
    }
  return next
}
