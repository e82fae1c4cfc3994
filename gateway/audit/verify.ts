import { emptyHead, type Head, hashOf, type StoredLine } from './line.ts'

/** `n`: the first line that is not what it was. */
export type Verdict = { good: true; head: Head } | { good: false; n: number; why: string }
/** A head that somebody kept, and where, in words. */
export type KeptHead = Head & { from: string }

/**
 * Whether `lines`, in their order on disk, are an unbroken chain that holds each kept head. Without a head a log whose end
 * was cut off, or that was made anew as a whole, looks good: only what was kept outside can tell.
 */
export function verify(lines: Iterable<StoredLine>, kept: readonly KeptHead[] = []): Verdict {
  const heads = [...kept].sort((one, other) => one.n - other.n)
  let next = 0
  let last = emptyHead
  /** The kept heads that end at or before the last line read. */
  const disputed = (): Verdict | undefined => {
    for (let head = heads[next]; head !== undefined && head.n <= last.n; head = heads[++next])
      if (head.n === last.n && head.hash !== last.hash)
        return {
          good: false,
          n: head.n,
          why: `it or one before it is not what it was when ${head.from} noted its hash`,
        }
    return undefined
  }
  const atStart = disputed()
  if (atStart !== undefined) return atStart
  for (const line of lines) {
    const wanted = last.n + 1
    if (line.n !== wanted)
      return { good: false, n: wanted, why: line.n > wanted ? 'it is missing' : `a line ${line.n} stands in its place` }
    if (hashOf(last.hash, line) !== line.hash)
      return { good: false, n: wanted, why: 'its hash does not fit: it was changed, put in or moved' }
    last = { n: line.n, hash: line.hash }
    const wrong = disputed()
    if (wrong !== undefined) return wrong
  }
  const ahead = heads[next]
  if (ahead !== undefined)
    return {
      good: false,
      n: last.n + 1,
      why: `it is missing, and so is all up to ${ahead.n}, which ${ahead.from} noted`,
    }
  return { good: true, head: last }
}
