import type { Kind } from '../../schemas/events/kinds.ts'
import { codeOfKind } from './kinds.ts'

/** Which entries a question about events means: below `start`, not below `end`, by number. */
export type EventFilter = {
  site?: string | undefined
  device?: string | undefined
  kind?: Kind | undefined
  fromMs?: number | undefined
  toMs?: number | undefined
}

export function whereOf(
  query: EventFilter,
  { start, end }: { start: number; end: number },
): { where: string; values: (number | string)[] } {
  const where = ['seq < ?', 'seq >= ?']
  const values: (number | string)[] = [start, end]
  const add = (condition: string, value: number | string | undefined) => {
    if (value === undefined) return
    where.push(condition)
    values.push(value)
  }
  add('site IN (SELECT key FROM site WHERE id = ?)', query.site)
  add('device = (SELECT key FROM device WHERE id = ?)', query.device)
  add('kind = ?', query.kind && codeOfKind(query.kind))
  add('at_ms >= ?', query.fromMs)
  add('at_ms < ?', query.toMs)
  return { where: where.join(' AND '), values }
}
