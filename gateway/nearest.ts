/** The known word that somebody meant who typed `typed`, or undefined: up to a third of its letters may be wrong. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map(word => ({ word, off: distance(typed.toLowerCase(), word) }))
    .filter(
      ({ word, off }) =>
        off <= Math.max(1, Math.floor(word.length / 3)) || (typed.length > 2 && word.startsWith(typed)),
    )
    .sort((one, other) => one.off - other.off)
  return best?.word
}

/** "unknown: bakcup; did you mean backup?" */
export function unknownWord(typed: string, known: readonly string[]): string {
  const meant = nearest(typed, known)
  return meant === undefined ? `unknown: ${typed}` : `unknown: ${typed}; did you mean ${meant}?`
}

/** For the error of `parseArgs` about an option that there is not; undefined for any other. */
export function unknownOption(error: unknown, options: Readonly<Record<string, unknown>>): string | undefined {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return undefined
  const typed = /'(--?[^'\s]+)/.exec(message ?? '')?.[1]
  return (
    typed &&
    unknownWord(
      typed,
      Object.keys(options).map(name => `--${name}`),
    )
  )
}

/** Letters to put in, take out, change or swap with their neighbour; words longer than a command are not looked into. */
function distance(one: string, other: string): number {
  if (one.length > maxLetters) return Number.POSITIVE_INFINITY
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, at) => at)]
  for (let row = 1; row <= one.length; row++) {
    const [last, before] = [rows[row - 1]!, rows[row - 2]]
    const line = [row]
    for (let at = 1; at <= other.length; at++) {
      const same = one[row - 1] === other[at - 1] ? 0 : 1
      line.push(Math.min(last[at]! + 1, line[at - 1]! + 1, last[at - 1]! + same))
      const isSwap = before !== undefined && at > 1 && one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1]
      if (isSwap) line[at] = Math.min(line[at]!, before[at - 2]! + 1)
    }
    rows.push(line)
  }
  return rows[one.length]![other.length]!
}

const maxLetters = 32
