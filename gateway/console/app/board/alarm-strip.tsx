import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'
import { ClockText } from './clock-text.tsx'
import { isUnacknowledged } from './deadline.ts'

/** On the other pages: what nobody has taken over yet, one click away. */
export function AlarmStrip() {
  const { selection } = useStation()
  const words = useWords(boardWords)
  const waiting = selection.list.value.filter(alarm => alarm.mode === 'actual' && isUnacknowledged(alarm))
  const [first] = waiting
  if (first === undefined) return null
  return (
    <a class="alarm-strip" href={hashOf('alarm', {}, first.id)}>
      <b>▲ {words.strip(waiting.length)}</b> {first.site.name} {first.device.placement ?? first.device.name}{' '}
      <ClockText alarm={first} /> <span class="go">{words.openIt} →</span>
    </a>
  )
}

/** For a screen reader: each new alarm is spoken, on whatever page. */
export function Announcement() {
  const { selection } = useStation()
  const words = useWords(boardWords)
  const first = selection.list.value.find(isUnacknowledged)
  return (
    <p class="unseen" role="alert">
      {first !== undefined && words.newAlarm(first.site.name, first.device.placement ?? first.device.name)}
    </p>
  )
}
