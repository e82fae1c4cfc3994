import { useStation } from '../station.ts'

/** What the console says, Chinese first. One file per area; a word that is missing in one language fails `npm run check`. */
export type Language = 'zh' | 'en'
type Word = string | ((...given: never[]) => string) | { readonly [name: string]: Word }
type Same<T> = T extends string
  ? string
  : T extends (...given: never[]) => string
    ? T
    : { readonly [K in keyof T]: Same<T[K]> }
export type Both<T> = Record<Language, Same<T>>

export const inBoth = <T extends { readonly [name: string]: Word }>(zh: T, en: NoInfer<Same<T>>): Both<T> =>
  ({ zh, en }) as Both<T>

/** The words of an area in the language that is chosen. */
export const useWords = <T>(words: Both<T>): Same<T> => words[useStation().settings.language.value]
