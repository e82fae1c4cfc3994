import type { Figure } from './figure.ts'

/** What tables and pictures of figures are said in. */
export type Language = {
  /** What a measure is called, its unit, who stands beside it, why somebody is missing. Throws where it has no words for it. */
  text: (english: string) => string
  measure: (title: string, unit: string, better: Figure['better']) => string
  /** Under a picture's title. */
  scale: (unit: string, better: Figure['better']) => string
  named: (name: string, value: string) => string
  beside: string
  ratio: string
  aim: string
  /** A picture, to those who can't see it. */
  picture: string
}

export const english: Language = {
  text: english => english,
  measure: (title, unit, better) => `${title}, ${unit}${better === 'less' ? ' (less is better)' : ''}`,
  scale: (unit, better) => `${unit}, ${better} is better`,
  named: (name, value) => `${name}: ${value}`,
  beside: 'beside it',
  ratio: 'ratio',
  aim: 'aim',
  picture: 'Figures of the benchmark; the table below says the same',
}
