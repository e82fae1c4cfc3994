import { frameWords } from '../words/frame.ts'
import { useWords } from '../words/words.ts'

export function Events() {
  const { pages } = useWords(frameWords)
  return <h1>{pages.events}</h1>
}
