import { dayOf, timeOfDay } from './time.ts'

/** A chart's tick: the day where it is another than at the tick before, and where seconds count those too. Both in ms. */
export function axisTime(ms: number, beforeMs: number | undefined): string {
  const time = timeOfDay(ms)
  const isNewDay = beforeMs !== undefined && dayOf(ms) !== dayOf(beforeMs)
  if (isNewDay || time === '00:00:00') return dayOf(ms).slice(5)
  return time.endsWith(':00') ? time.slice(0, 5) : time
}
