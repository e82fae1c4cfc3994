import { z } from 'zod'

/**
 * Where the next page of a list begins. Outside an opaque string that only its own list takes; inside the number that
 * the store gave. Ports speak in numbers.
 */
type List = 'events' | 'alarms' | 'deliveries' | 'rejections' | 'audit'

/** A page as ports give it, newest first. `next` is null on the last one. */
export type Slice<T> = { items: T[]; next: number | null }

export const toCursor = (list: List, next: number | null): string | null =>
  next === null ? null : Buffer.from(`${list}:${next}`).toString('base64url')

export function fromCursor(list: List, cursor: string): number | undefined {
  const [of, digits = ''] = Buffer.from(cursor, 'base64url').toString('latin1').split(':')
  const next = Number(digits)
  return of === list && /^\d+$/.test(digits) && Number.isSafeInteger(next) ? next : undefined
}

/** The query parameter: a string outside, a number for the handler. */
export const cursorOf = (list: List) =>
  z
    .string()
    .max(64)
    .transform((text, context) => {
      const next = fromCursor(list, text)
      if (next !== undefined) return next
      context.addIssue(`is not a cursor of ${list}; take it from the page before, or leave it out for the first page`)
      return z.NEVER
    })
    .optional()
    .describe('The cursor of the page before')
