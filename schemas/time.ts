import { z } from 'zod'

// The calendar stands in the pattern, so that JSON Schema refuses the 30th of February too: Date.parse takes it for March.
const monthAndDay =
  '(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8])'
const leapYear = '[0-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00' // 2000 and 2024, not 1900
const date = `(?:[0-9]{4}-(?:${monthAndDay})|(?:${leapYear})-02-29)`
const hourAndMinute = '(?:[01][0-9]|2[0-3]):[0-5][0-9]'
const rfc3339 = new RegExp(`^(${date})[Tt ](${hourAndMinute}):([0-5][0-9]|60)(\\.[0-9]+)?([Zz]|[+-]${hourAndMinute})$`)

/**
 * Milliseconds since 1970 of an RFC 3339 time with offset, or undefined when it is not one.
 * A leap second (`:60`) counts as the second after `:59`; digits beyond the millisecond are cut.
 */
export function parseTime(text: string): number | undefined {
  const parts = rfc3339.exec(text)
  if (parts === null) return undefined
  const [, day, minute, second, fraction = '', offset] = parts as unknown as [string, ...string[]]
  const leap = second === '60'
  const ms = Date.parse(
    `${day}T${minute}:${leap ? '59' : second}${fraction.slice(0, 4)}${(offset as string).toUpperCase()}`,
  )
  return leap ? ms + 1000 : ms
}

export const Time = z
  .string()
  .max(64)
  .regex(rfc3339, 'must be RFC 3339 with an offset, like 2026-11-24T08:15:00.250+08:00')
  .meta({ format: 'date-time' })
