import { useStation } from './station.ts'
import { timeOrDay } from './time.ts'
import { frameWords } from './words/frame.ts'
import { useWords } from './words/words.ts'

/** Says so when what is shown may be old. */
export function Banner() {
  const { live, lists, clock } = useStation()
  const words = useWords(frameWords)
  const state = live.state.value
  const failed = lists.failed.value
  if (failed.length > 0)
    return (
      <p class="banner" role="status">
        ⚠ {words.notRead(failed.map(name => words.lists[name]))}
      </p>
    )
  // At first, while nothing is known to be wrong, the header's word is enough.
  if (state.is !== 'lost') return null
  return (
    <p class="banner" role="status">
      <strong>⚠ {words.notLive}</strong>{' '}
      {state.since === undefined ? words.notLiveYet : words.notLiveSince(timeOrDay(state.since, clock.now.peek()))}
    </p>
  )
}
