import { boardWords } from './words/board.ts'
import { useWords } from './words/words.ts'

export function KeyHelp({ onHide }: { onHide: () => void }) {
  const words = useWords(boardWords)
  return (
    <aside class="key-help" aria-label={words.keys}>
      <h2>{words.keys}</h2>
      <dl>
        {words.keyList.split('\n').map(line => {
          const [key, what] = line.split('\t')
          return (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          )
        })}
      </dl>
      <button type="button" onClick={onHide}>
        {words.closeSheet}
      </button>
    </aside>
  )
}
