import { ago } from '../figures.ts'
import { healthWords } from '../words/health.ts'
import { useWords } from '../words/words.ts'
import type { Worry } from './verdict.ts'

/** The verdict first: all is well, or what is not, worst first. */
export function Worries({ worries }: { worries: readonly Worry[] }) {
  const words = useWords(healthWords)
  if (worries.length === 0) return <p class="verdict good">● {words.well}</p>
  return (
    <div class="verdict warn">
      ▲ {words.worries(worries.length)}
      <ul>
        {worries.map(worry => (
          <li key={JSON.stringify(worry)}>{textOf(worry, words)}</li>
        ))}
      </ul>
    </div>
  )
}

function textOf(worry: Worry, words: (typeof healthWords)['zh']): string {
  const name = (consumer: string) => (words.consumers as Record<string, string>)[consumer] ?? consumer
  switch (worry.is) {
    case 'trouble':
      return worry.text
    case 'disk':
      return words.worry.disk[worry.level]
    case 'endpoint':
      return words.worry.endpoint(worry.id, worry.pending, worry.error ?? '')
    case 'lag':
      return words.worry.lag(name(worry.consumer), ago(worry.seconds, words.units))
    case 'quarantined':
      return words.worry.quarantined(name(worry.consumer), worry.count)
    case 'loop':
      return words.worry.loop(Math.round(worry.maxMs))
    default:
      return words.worry[worry.is]
  }
}
