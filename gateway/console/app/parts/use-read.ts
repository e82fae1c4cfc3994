import { useCallback, useEffect, useState } from 'preact/hooks'
import { useStation } from '../station.ts'

/** What a page reads of the API: `data` stays while it is read again; `error` until it was. */
export type Read<T> = { data: T | undefined; error: unknown; reading: boolean; again: () => void }

/**
 * Reads when `of` changes, after each reconnect, and `everyMs` after each answer where that is given; a reading that is overtaken is aborted.
 * `of`: what the question is made of, as text.
 */
export function useRead<T>(of: string, read: (signal: AbortSignal) => Promise<T>, everyMs?: number): Read<T> {
  const { live } = useStation()
  const round = live.round.value
  const [turn, setTurn] = useState(0)
  const [state, setState] = useState<{ of: string; data?: T; error?: unknown; reading: boolean }>({ of, reading: true })
  // `of` stands for what `read` closes over.
  useEffect(() => {
    const ended = new AbortController()
    setState(before => ({ ...(before.of === of ? before : { of }), reading: true }))
    let timer: ReturnType<typeof setTimeout> | undefined
    // Counted from the answer: a reading that takes longer than `everyMs` would be cut off by the next one, for ever.
    const isOver = () => {
      if (ended.signal.aborted) return true
      if (everyMs !== undefined) timer = setTimeout(() => setTurn(turn => turn + 1), everyMs)
      return false
    }
    read(ended.signal).then(
      data => isOver() || setState({ of, data, reading: false }),
      error => isOver() || setState(before => ({ ...before, error, reading: false })),
    )
    return () => {
      clearTimeout(timer)
      ended.abort()
    }
  }, [of, round, turn, everyMs])
  const again = useCallback(() => setTurn(turn => turn + 1), [])
  const current = state.of === of
  return {
    data: current ? state.data : undefined,
    error: current ? state.error : undefined,
    reading: state.reading,
    again,
  }
}
