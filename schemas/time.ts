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
  return usualTime(text) ?? anyTime(text)
}

function anyTime(text: string): number | undefined {
  const parts = rfc3339.exec(text)
  if (parts === null) return undefined
  const [, day, minute, second, fraction = '', offset] = parts as unknown as [string, ...string[]]
  const leap = second === '60'
  const ms = Date.parse(
    `${day}T${minute}:${leap ? '59' : second}${fraction.slice(0, 4)}${(offset as string).toUpperCase()}`,
  )
  return leap ? ms + 1000 : ms
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * The form that nearly every device sends, `2026-11-24T08:15:00+08:00` with or without three digits of a second or with `Z`,
 * read digit by digit: a tenth of the pattern's time. undefined: not of this form, which says nothing yet.
 */
export function usualTime(text: string): number | undefined {
  const { length } = text
  if (length < 20 || length > 29 || text[10] !== 'T') return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  const second = digits(text, 17, 2)
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return undefined
  // NaN compares false. Leap days, leap seconds and years that Date.UTC takes for 19xx are the pattern's.
  if (!(year >= 1000 && month >= 1 && month <= 12 && day >= 1 && day <= (monthDays[month - 1] as number)))
    return undefined
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return undefined
  const withMs = text[19] === '.'
  const ms = withMs ? digits(text, 20, 3) : 0
  const zone = withMs ? 23 : 19
  if (Number.isNaN(ms)) return undefined
  const utc = Date.UTC(year, month - 1, day, hour, minute, second, ms)
  if (length === zone + 1 && text[zone] === 'Z') return utc
  const sign = text[zone]
  if (length !== zone + 6 || (sign !== '+' && sign !== '-') || text[zone + 3] !== ':') return undefined
  const hours = digits(text, zone + 1, 2)
  const minutes = digits(text, zone + 4, 2)
  if (!(hours <= 23 && minutes <= 59)) return undefined
  const offsetMs = (hours * 60 + minutes) * 60_000
  return sign === '+' ? utc - offsetMs : utc + offsetMs
}

/** NaN where one of them is no digit. */
function digits(text: string, from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - 48
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

export const Time = z
  .string()
  .max(64)
  .regex(rfc3339, 'must be RFC 3339 with an offset, like 2026-11-24T08:15:00.250+08:00')
  .meta({ format: 'date-time' })
