import type { ComponentChildren } from 'preact'
import { partWords } from '../words/parts.ts'
import { useWords } from '../words/words.ts'
import { Failure } from './failure.tsx'
import type { Read } from './use-read.ts'

/** What a page reads, once it is there; a failure stands above what was read before it. */
export function Answer<T>({ of, children }: { of: Read<T>; children: (data: T) => ComponentChildren }) {
  const { loading } = useWords(partWords)
  const { data, error, again } = of
  return (
    <>
      {error !== undefined && <Failure error={error} onAgain={again} />}
      {data !== undefined ? children(data) : error === undefined && <p class="quiet room">{loading}</p>}
    </>
  )
}
