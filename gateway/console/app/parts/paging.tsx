import { partWords } from '../words/parts.ts'
import { useWords } from '../words/words.ts'

/** Older items, page by page; the API's cursors go one way, so the way back is kept. */
export function Paging(props: {
  count: number
  hasOlder: boolean
  hasNewer: boolean
  onOlder: () => void
  onNewest: () => void
}) {
  const words = useWords(partWords)
  return (
    <p class="paging">
      <button type="button" disabled={!props.hasNewer} onClick={props.onNewest}>
        {words.newest}
      </button>
      <button type="button" disabled={!props.hasOlder} onClick={props.onOlder}>
        {words.older}
      </button>
      <span class="quiet">{words.shown(props.count)}</span>
    </p>
  )
}
