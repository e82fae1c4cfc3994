import { z } from 'zod'

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

/**
 * Milliseconds since 1970 of an RFC 3339 time with offset, or undefined when it is not one.
 * A leap second (`:60`) counts as the second after `:59`; digits beyond the millisecond are cut.
 */
export function parseTime(text: string): number | undefined {
  const parts = rfc3339.exec(text)
  if (parts === null) return undefined
  const [, date, minute, second, fraction = '', offset] = parts
  const leap = second === '60'
  const ms = Date.parse(
    `${date}T${minute}:${leap ? '59' : second}${fraction.slice(0, 4)}${(offset as string).toUpperCase()}`,
  )
  return Number.isNaN(ms) ? undefined : leap ? ms + 1000 : ms
}

export const Time = z
  .string()
  .max(64)
  .refine(text => parseTime(text) !== undefined, 'must be RFC 3339 with an offset, like 2026-11-24T08:15:00.250+08:00')
  .meta({ format: 'date-time' })
