import { frameWords } from '../words/frame.ts'
import { useWords } from '../words/words.ts'

export function Sites() {
  const { pages } = useWords(frameWords)
  return <h1>{pages.sites}</h1>
}
