import { useRef, useState } from 'preact/hooks'
import { boundsOf, localMs, localText, type Range } from '../range.ts'
import { useStation } from '../station.ts'
import { dayAndTime } from '../time.ts'
import { rangeWords } from '../words/range.ts'
import { useWords } from '../words/words.ts'
import { Field } from './field.tsx'

/** Which time: some quick ones that move with the clock, or from and to. A disclosure; Escape closes it. */
export function TimeRange(props: { range: Range; quick: readonly string[]; onChoose: (range: Range) => void }) {
  const { range, quick } = props
  const { clock } = useStation()
  const words = useWords(rangeWords)
  const place = useRef<HTMLDetailsElement>(null)
  const { fromMs, toMs } = boundsOf(range, clock.now.peek())
  const [edited, edit] = useState<{ from: string; to: string } | undefined>()
  const from = edited?.from ?? localText(fromMs).slice(0, 16)
  const to = edited?.to ?? (toMs === undefined ? '' : localText(toMs).slice(0, 16))
  const start = localMs(from)
  const end = to === '' ? clock.now.peek() : localMs(to)
  const isRight = start !== undefined && end !== undefined && start < end
  const choose = (chosen: Range) => {
    edit(undefined)
    if (place.current !== null) place.current.open = false
    place.current?.querySelector('summary')?.focus()
    props.onChoose(chosen)
  }
  return (
    <div class="field">
      <span>{words.time}</span>
      <details
        class="time-range"
        ref={place}
        onKeyDown={event => {
          if (event.key !== 'Escape' || place.current?.open !== true) return
          event.stopPropagation()
          place.current.open = false
          place.current.querySelector('summary')?.focus()
        }}
      >
        <summary>{textOf(range, words)}</summary>
        <div class="panel">
          <ul>
            {quick.map(last => (
              <li key={last}>
                <button type="button" aria-pressed={range.last === last} onClick={() => choose({ last })}>
                  {words.last(last)}
                </button>
              </li>
            ))}
          </ul>
          <form
            onSubmit={event => {
              event.preventDefault()
              if (isRight) choose({ from, to: to === '' ? undefined : to })
            }}
          >
            <Field label={words.from}>
              <input
                type="datetime-local"
                value={from}
                required
                onInput={event => edit({ from: event.currentTarget.value, to })}
              />
            </Field>
            <Field label={words.to}>
              <input
                type="datetime-local"
                value={to}
                onInput={event => edit({ from, to: event.currentTarget.value })}
              />
            </Field>
            {!isRight && <p class="warn">{words.wrongOrder}</p>}
            <button type="submit" disabled={!isRight}>
              {words.apply}
            </button>
          </form>
        </div>
      </details>
    </div>
  )
}

function textOf(range: Range, words: { last: (last: string) => string; now: string }): string {
  if (range.last !== undefined) return words.last(range.last)
  const short = (text: string) => dayAndTime(localMs(text) ?? 0).slice(5, 16)
  return `${short(range.from)} – ${range.to === undefined ? words.now : short(range.to)}`
}
