import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { linesOf } from '../book/lines.ts'

/**
 * Brings lines with the same key together in bounded memory, however many there are: they are spread over files by the key's
 * hash, and one file at a time is read whole. A file that came out too large is spread again by another hash.
 *
 * A line's key are its second and third word: `<mark> <word> <word> …`.
 */
export type Partition = {
  add: (line: string) => void
  /** Each group once: all lines of some keys, in the order in which they were added. Ends the adding; the files are gone after it. */
  groups: () => Generator<string[], void>
}

const bucketBytes = 2 * 1024 * 1024
const maxBuckets = 256
/** Together with the buckets' number this bounds what waits to be written: 4 MiB. */
const gatheredChars = 16 * 1024
/** What one group may take; a single key's lines are few. */
const maxGroupBytes = 4 * bucketBytes
const maxDepth = 4

/** `expectedBytes`: about what will be added. `directory` is made and removed. */
export function createPartition(directory: string, expectedBytes: number, depth = 0): Partition {
  const count = Math.min(Math.max(Math.ceil(expectedBytes / bucketBytes), 1), maxBuckets)
  const gathered: string[] = Array.from({ length: count }, () => '')
  const pathOf = (bucket: number) => join(directory, `${bucket}`)
  mkdirSync(directory, { recursive: true })
  const flush = (bucket: number) => {
    if (gathered[bucket] !== '') appendFileSync(pathOf(bucket), gathered[bucket]!)
    gathered[bucket] = ''
  }
  return {
    add: line => {
      const bucket = hashOf(line, depth) % count
      gathered[bucket] += `${line}\n`
      if (gathered[bucket]!.length >= gatheredChars) flush(bucket)
    },
    groups: function* () {
      try {
        for (let bucket = 0; bucket < count; bucket++) flush(bucket)
        for (let bucket = 0; bucket < count; bucket++) {
          const path = pathOf(bucket)
          if (!existsSync(path)) continue
          const { size } = statSync(path)
          if (size <= maxGroupBytes || depth === maxDepth) yield readFileSync(path, 'utf8').trimEnd().split('\n')
          else {
            const finer = createPartition(`${path}-finer`, size, depth + 1)
            for (const line of linesOf(path)) finer.add(line)
            yield* finer.groups()
          }
          rmSync(path)
        }
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
    },
  }
}

/** FNV-1a over the second and third word. */
function hashOf(line: string, salt: number): number {
  let word = (0x811c9dc5 ^ Math.imul(salt, 0x9e3779b9)) >>> 0
  let at = line.indexOf(' ') + 1
  for (let spaces = 0; at < line.length; at++) {
    const code = line.charCodeAt(at)
    if (code === 32 && ++spaces === 2) break
    word = Math.imul(word ^ code, 0x01000193) >>> 0
  }
  return (word ^ (word >>> 15)) >>> 0
}
