import type { Stats } from '../../../../schemas/api.ts'
import { grouped } from '../figures.ts'
import { healthWords } from '../words/health.ts'
import { useWords } from '../words/words.ts'
import { conservation, type Equation } from './verdict.ts'

/** The conservation check, written out: each line is equal, or says loudly that it isn't. */
export function Equations({ stats }: { stats: Stats }) {
  const words = useWords(healthWords)
  const { received, consumers } = conservation(stats)
  const name = (consumer: string) => (words.consumers as Record<string, string>)[consumer] ?? consumer
  return (
    <section class="equations">
      <h2>{words.conservation}</h2>
      <Line name={words.intake} equation={received} />
      {consumers.map(one => (
        <Line key={one.name} name={name(one.name)} equation={one.equation} />
      ))}
    </section>
  )
}

function Line({ name, equation: { whole, parts, holds } }: { name: string; equation: Equation }) {
  const words = useWords(healthWords)
  return (
    <p class={holds ? 'equation' : 'equation alarm'}>
      <span class="of quiet">{name}</span>
      <span class="term">
        {grouped(whole.count)} <small>{words.terms[whole.name]}</small>
      </span>
      <span>{holds ? '=' : '≠'}</span>
      {parts.map((part, at) => (
        <span key={part.name} class="term">
          {at > 0 && '+ '}
          {grouped(part.count)} <small>{words.terms[part.name]}</small>
        </span>
      ))}
      <b class={holds ? 'good' : 'alarm'}>{holds ? words.holds : words.broken}</b>
    </p>
  )
}
