import { frameWords } from '../words/frame.ts'
import { useWords } from '../words/words.ts'

export function Rejections() {
  const { pages } = useWords(frameWords)
  return <h1>{pages.rejections}</h1>
}
