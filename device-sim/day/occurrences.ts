import type { Fault } from './day.ts'
import type { Mix } from './mix.ts'
import { momentOf } from './span.ts'

/** From and until when, in milliseconds since Monday 00:00; `toMs` is not part of it. */
export type Window = { fromMs: number; toMs: number }

const most = 10_000

/**
 * When a fault is there: once, or again and again until the end, which ends it too. Empty where it would come after the end.
 * A sentence where it would come too often. Pure.
 */
export function occurrencesOf(fault: Fault, { startMs, endMs }: Pick<Mix, 'startMs' | 'endMs'>): Window[] | string {
  const firstMs = momentOf(fault.at, startMs)
  const everyMs = fault.everyMs ?? Number.POSITIVE_INFINITY
  if ((endMs - firstMs) / everyMs > most) return `every: comes more than ${most} times until the end; make it rarer`
  const windows: Window[] = []
  for (let fromMs = firstMs; fromMs < endMs; fromMs += everyMs)
    windows.push({ fromMs, toMs: Math.min(endMs, fromMs + fault.forMs) })
  return windows
}
