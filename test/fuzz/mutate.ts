/**
 * Damages bytes the way lines, firmware and strangers do: some bits, some bytes, a piece gone, doubled or moved, a word from
 * the dictionary in between. The same `random` gives the same damage.
 */
export type Mutate = (bytes: Buffer) => Buffer

export function mutator(random: () => number, dictionary: readonly (string | Buffer)[]): Mutate {
  const below = (bound: number) => Math.floor(random() * bound)
  const words = dictionary.map(word => Buffer.from(word as string))
  const steps: Mutate[] = [
    bytes => splice(bytes, below(bytes.length + 1), 0, Buffer.from([below(256)])),
    bytes => {
      if (bytes.length > 0) bytes[below(bytes.length)]! ^= 1 << below(8)
      return bytes
    },
    bytes => {
      if (bytes.length > 0) bytes[below(bytes.length)] = [0, 0x7f, 0x80, 0xff, below(256)][below(5)]!
      return bytes
    },
    bytes => splice(bytes, below(bytes.length + 1), below(8), Buffer.alloc(0)),
    bytes => bytes.subarray(0, below(bytes.length + 1)),
    bytes => {
      const from = below(bytes.length + 1)
      return splice(bytes, below(bytes.length + 1), 0, bytes.subarray(from, from + below(32)))
    },
    bytes => splice(bytes, below(bytes.length + 1), below(16), words[below(words.length)]!),
    bytes => splice(bytes, below(bytes.length + 1), 0, words[below(words.length)]!),
  ]
  return bytes => {
    let damaged: Buffer = Buffer.from(bytes)
    for (let left = 1 + below(4); left > 0; left--) damaged = steps[below(steps.length)]!(damaged)
    return damaged
  }
}

const splice = (bytes: Buffer, at: number, gone: number, put: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)])
