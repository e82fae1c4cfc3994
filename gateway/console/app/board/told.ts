import type { Alarm } from '../../../../schemas/alarm.ts'

/** One missed deadline: which, when, and which endpoints were told because of it. None yet: they are being told. */
export type Escalation = { at: string; missed: string; told: string[] }

export function escalationsOf({ history }: Alarm): Escalation[] {
  const told = new Set<string>()
  const escalations: Escalation[] = []
  for (const { what, by, at } of history) {
    if (what === 'escalated') escalations.push({ at, missed: by ?? '', told: [] })
    if (what !== 'delivered' || by === undefined || told.has(by)) continue
    told.add(by)
    escalations.at(-1)?.told.push(by)
  }
  return escalations
}

/** Those that still matter: of the step that is waited for now, each that told somebody, and the last one whatever it did. */
export function pressing(escalations: readonly Escalation[], { history }: Alarm): Escalation[] {
  const taken = history.findLast(({ what }) => what === 'acknowledged' || what === 'dispatched' || what === 'arrived')
  const since = taken === undefined ? 0 : Date.parse(taken.at)
  return escalations
    .filter(({ at }) => Date.parse(at) >= since)
    .filter(({ told }, index, all) => told.length > 0 || index === all.length - 1)
}
