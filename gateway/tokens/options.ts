import { unknownWord } from '../nearest.ts'

/** What was typed isn't what the command takes. */
export class WrongUse extends Error {}

/** `words` in the order of `wanted`, and options that are whole numbers within their bounds. Throws WrongUse. */
export function optionsOf<Name extends string>(
  given: readonly string[],
  wanted: readonly string[],
  bounds: Record<Name, readonly [min: number, max: number]>,
): { words: string[]; numbers: Partial<Record<Name, number>> } {
  const words: string[] = []
  const numbers: Partial<Record<Name, number>> = {}
  for (let at = 0; at < given.length; at++) {
    const word = given[at] as string
    if (!word.startsWith('--')) {
      words.push(word)
      continue
    }
    if (!Object.hasOwn(bounds, word)) throw new WrongUse(unknownWord(word, Object.keys(bounds)))
    const [min, max] = bounds[word as Name]
    const value = given[++at] ?? ''
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= min && number <= max))
      throw new WrongUse(`${word} takes a whole number (${min}–${max}), not "${value}"`)
    numbers[word as Name] = number
  }
  if (words.length !== wanted.length)
    throw new WrongUse(`takes ${wanted.join(' and ') || 'nothing more'}, got ${words.length} words`)
  return { words, numbers }
}
