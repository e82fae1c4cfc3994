import { z } from 'zod'

/** Site, device, endpoint and account ids (contract 2). They stand in topics, so no `/`, `+`, `#` and no upper case. */
export const idPattern = /^[a-z0-9][a-z0-9-]{0,63}$/
export const Id = z.string().regex(idPattern, 'must be 1–64 of a–z, 0–9 and -, not starting with -')

/** A name that becomes a tag or is shown to a person: 1 to `max` characters, no control characters. */
export const name = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters')
