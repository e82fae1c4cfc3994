/** Seeded random numbers: the same seed gives the same sequence on every machine. Never for secrets. */
export type Random = {
  /** 0 ≤ x < 1 */
  next: () => number
  /** A whole number, both ends included. */
  int: (min: number, max: number) => number
  chance: (probability: number) => boolean
  pick: <T>(list: readonly T[]) => T
  /** One key, in proportion to its weight. */
  weighted: <K extends string>(weights: Readonly<Partial<Record<K, number>>>) => K
  /** The waiting time until the next of independent happenings that come every `mean` on average. */
  exponential: (mean: number) => number
  hex: (digits: number) => string
}

/** FNV-1a over the text, one state word per salt. */
function hash(text: string, salt: number): number {
  let word = (0x811c9dc5 ^ salt) >>> 0
  for (let index = 0; index < text.length; index++) word = Math.imul(word ^ text.charCodeAt(index), 0x01000193) >>> 0
  return word
}

/** sfc32, seeded by all parts together: `createRandom(seed, deviceId)` is independent of every other device's. */
export function createRandom(...seed: readonly (string | number)[]): Random {
  const text = seed.join('\u0000')
  let [a, b, c, counter] = [hash(text, 0x9e3779b9), hash(text, 0x243f6a88), hash(text, 0xb7e15162), 1]
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 2 ** 32
  }
  for (let round = 0; round < 15; round++) next()

  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    int,
    chance: probability => next() < probability,
    pick: list => {
      if (list.length === 0) throw new Error('pick needs at least one thing')
      return list[int(0, list.length - 1)]!
    },
    weighted: weights => {
      const entries = Object.entries(weights) as [keyof typeof weights, number][]
      let rest = next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [key, weight] of entries) {
        rest -= weight
        if (rest < 0) return key
      }
      return entries.at(-1)![0]
    },
    exponential: mean => -Math.log(1 - next()) * mean,
    hex: digits => Array.from({ length: digits }, () => int(0, 15).toString(16)).join(''),
  }
}
