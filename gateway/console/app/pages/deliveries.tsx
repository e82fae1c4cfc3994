import { frameWords } from '../words/frame.ts'
import { useWords } from '../words/words.ts'

export function Deliveries() {
  const { pages } = useWords(frameWords)
  return <h1>{pages.deliveries}</h1>
}
