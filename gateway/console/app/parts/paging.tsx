import { partWords } from '../words/parts.ts'
import { useWords } from '../words/words.ts'

/** Older items, page by page; the API's cursors go one way, so the way back is to the newest. `older`: null where there are none. */
export function Paging(props: {
  count: number
  cursor: string | undefined
  older: string | null
  onGo: (cursor: string | undefined) => void
}) {
  const words = useWords(partWords)
  const { count, cursor, older, onGo } = props
  return (
    <p class="paging">
      <button type="button" disabled={cursor === undefined} onClick={() => onGo(undefined)}>
        {words.newest}
      </button>
      <button type="button" disabled={older === null} onClick={() => onGo(older ?? undefined)}>
        {words.older}
      </button>
      <span class="quiet">{words.shown(count)}</span>
    </p>
  )
}
