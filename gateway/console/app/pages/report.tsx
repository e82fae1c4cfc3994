import { frameWords } from '../words/frame.ts'
import { useWords } from '../words/words.ts'

export function Report() {
  const { pages } = useWords(frameWords)
  return <h1>{pages.report}</h1>
}
