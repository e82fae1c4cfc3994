import { useStation } from './station.ts'
import { timeOfDay } from './time.ts'
import { frameWords } from './words/frame.ts'
import { useWords } from './words/words.ts'

/** Says so when what is shown may be old. */
export function Banner() {
  const { live } = useStation()
  const words = useWords(frameWords)
  const state = live.state.value
  // At first, while nothing is known to be wrong, the header's word is enough.
  if (state.is !== 'lost') return null
  return (
    <p class="banner" role="status">
      <strong>⚠ {words.notLive}</strong>{' '}
      {state.since === undefined ? words.notLiveYet : words.notLiveSince(timeOfDay(state.since))}
    </p>
  )
}
