import { useStation } from './station.ts'
import { timeOfDay } from './time.ts'
import { frameWords } from './words/frame.ts'
import { useWords } from './words/words.ts'

/** Says so when what is shown may be old. */
export function Banner() {
  const { live } = useStation()
  const words = useWords(frameWords)
  const state = live.state.value
  if (state.is === 'live') return null
  return (
    <p class="banner" role="status">
      <strong>⚠ {state.is === 'lost' ? words.notLive : words.connecting}</strong>{' '}
      {state.since === undefined ? words.notLiveYet : words.notLiveSince(timeOfDay(state.since))}
    </p>
  )
}
