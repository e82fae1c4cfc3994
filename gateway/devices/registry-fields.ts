import { z } from 'zod'
import { placeInWords, type RegistryPath } from './registry-place.ts'

/** Fields that the schema doesn't know. They are ignored, and mostly a known one's misspelling. */
export function unknownFields(schema: z.core.$ZodType, content: unknown): { path: RegistryPath; text: string }[] {
  const found: { path: RegistryPath; text: string }[] = []
  const walk = (wrapped: z.core.$ZodType, value: unknown, path: RegistryPath): void => {
    const bare = unwrapped(wrapped)
    if (bare instanceof z.ZodArray && Array.isArray(value))
      for (const [index, entry] of value.entries()) walk(bare.element, entry, [...path, index])
    else if (bare instanceof z.ZodObject && typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const [field, inside] of Object.entries(value)) {
        const known = Object.keys(bare.shape)
        if (known.includes(field)) walk(bare.shape[field], inside, [...path, field])
        else {
          const near = nearest(field, known)
          const mend = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`
          // What is no name of a field may be anybody's: a value that slipped into the key's place.
          const shown = /^[A-Za-z_][\w-]{0,31}$/.test(field) ? field : 'a field'
          const text = `${placeInWords(content, [...path, shown])}: is not known here and ignored; ${mend}`
          found.push({ path: [...path, field], text })
        }
      }
  }
  walk(schema, content, [])
  return found
}

/** The schema beneath what says that it may be absent or has a default. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return unwrapped(schema.unwrap())
  return schema instanceof z.ZodPipe ? unwrapped(schema.in) : schema
}

/** The known field that is most alike; undefined when none differs by less than about a third. */
function nearest(field: string, known: readonly string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[-_ ]/g, '')
  const given = plain(field).slice(0, 64)
  const best = known
    .map(name => ({ name, changes: changesBetween(given, plain(name)) }))
    .reduce((one, other) => (other.changes < one.changes ? other : one))
  return best.changes <= Math.max(1, given.length / 3) ? best.name : undefined
}

/** Levenshtein's distance: characters to add, drop or replace. */
function changesBetween(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (const [row, character] of [...one].entries()) {
    const line = [row + 1]
    for (let column = 1; column <= other.length; column++)
      line.push(
        Math.min(
          line[column - 1]! + 1,
          above[column]! + 1,
          above[column - 1]! + (character === other[column - 1] ? 0 : 1),
        ),
      )
    above = line
  }
  return above[other.length]!
}
