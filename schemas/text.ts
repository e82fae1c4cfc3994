import { z } from 'zod'

/**
 * Text of `min` to `max` characters. A character is a code point, as in JSON Schema and most languages; JavaScript's
 * `length` counts 𠮷 twice.
 */
export const text = (max: number, min = 0) =>
  z
    .string()
    .refine(
      value => value.length >= min && (value.length <= max || characters(value) <= max),
      min === 0 ? `must have at most ${max} characters` : `must have ${min}–${max} characters`,
    )
    .meta(min === 0 ? { maxLength: max } : { minLength: min, maxLength: max })

/** A name that becomes a tag or is shown to a person: 1 to `max` characters, no control characters. */
export const name = (max: number) =>
  text(max, 1)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters')

/** A pattern, so that JSON Schema can say it. */
export const httpUrl = (max: number) =>
  text(max).regex(/^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/?#]\S*$/, 'must be an http or https URL')

function characters(value: string): number {
  let count = 0
  for (const _ of value) count++
  return count
}
