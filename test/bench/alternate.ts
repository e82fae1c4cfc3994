/** Each way in turn, round by round, so that a noisy minute hits all of them. Says on stderr what it found. */
export type Ways<T> = Record<string, () => Promise<T>>

export async function alternate<T>(part: string, rounds: number, ways: Ways<T>): Promise<Record<string, T[]>> {
  const found: Record<string, T[]> = Object.fromEntries(Object.keys(ways).map(name => [name, []]))
  for (let round = 0; round < rounds; round++)
    for (const [name, measure] of Object.entries(ways)) {
      const value = await measure()
      found[name]?.push(value)
      process.stderr.write(`${part} ${round + 1}/${rounds}: ${name}: ${JSON.stringify(value, rounded)}\n`)
    }
  return found
}

const rounded = (_key: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value)
