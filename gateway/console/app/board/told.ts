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
