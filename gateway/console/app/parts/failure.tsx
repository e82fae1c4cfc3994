import { ApiError } from '../api.ts'
import { partWords } from '../words/parts.ts'
import { useWords } from '../words/words.ts'

/** What went wrong with a call, and what to do; the gateway's own words where it said any. */
export function Failure({ error, onAgain }: { error: unknown; onAgain?: () => void }) {
  const words = useWords(partWords)
  const said = error instanceof ApiError && error.status !== 0 ? `${error.status}: ${error.message}` : words.unreachable
  return (
    <p role="alert" class="warn">
      ⚠ {said}{' '}
      {onAgain !== undefined && (
        <button type="button" onClick={onAgain}>
          {words.again}
        </button>
      )}
    </p>
  )
}
