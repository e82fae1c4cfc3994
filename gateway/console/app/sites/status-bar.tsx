import type { Mark } from '../counted.ts'
import { siteWords } from '../words/sites.ts'
import { useWords } from '../words/words.ts'

const step = 4
const shapes: Record<Mark, { y: number; height: number }> = {
  heard: { y: 2, height: 14 },
  quiet: { y: 13, height: 3 },
  unknown: { y: 8, height: 2 },
}

/** One mark for each half hour: full, flat on the ground, or a dot in the middle. */
export function StatusBar({ marks }: { marks: readonly Mark[] }) {
  const words = useWords(siteWords)
  const heard = marks.filter(mark => mark === 'heard').length
  const known = marks.filter(mark => mark !== 'unknown').length
  const text = words.bar(heard, known)
  return (
    <svg class="status-bar" role="img" aria-label={text} width={marks.length * step} height="18">
      <title>{text}</title>
      {marks.map((mark, at) => (
        <rect key={`${at} ${mark}`} class={mark} x={at * step} width={mark === 'unknown' ? 2 : 3} {...shapes[mark]} />
      ))}
    </svg>
  )
}
