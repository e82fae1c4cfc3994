import { frameWords } from '../words/frame.ts'
import { useWords } from '../words/words.ts'

export function Health() {
  const { pages } = useWords(frameWords)
  return <h1>{pages.health}</h1>
}
