import { useCallback, useEffect, useState } from 'preact/hooks'
import { useStation } from '../station.ts'

/** What a page reads of the API: `data` stays while it is read again; `error` until it was. */
export type Read<T> = { data: T | undefined; error: unknown; reading: boolean; again: () => void }

/**
 * Reads when `of` changes, after each reconnect, and every `everyMs` where it is given; a reading that is overtaken is aborted.
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
    read(ended.signal).then(
      data => ended.signal.aborted || setState({ of, data, reading: false }),
      error => ended.signal.aborted || setState(before => ({ ...before, error, reading: false })),
    )
    const timer = everyMs === undefined ? undefined : setTimeout(() => setTurn(turn => turn + 1), everyMs)
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
