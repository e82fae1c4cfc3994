import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'
import { ClockText } from './clock-text.tsx'
import { isUnacknowledged } from './deadline.ts'
import { newestOf } from './order.ts'

/**
 * What nobody has taken over yet, one click away. On the other pages, and on a phone above the sheet of the alarm that is open
 * (`onBoard`; on a desk the list says it).
 */
export function AlarmStrip({ onBoard }: { onBoard: boolean }) {
  const { selection } = useStation()
  const words = useWords(boardWords)
  const seen = onBoard ? selection.asked.value : undefined
  const waiting = selection.list.value.filter(
    alarm => alarm.mode === 'actual' && isUnacknowledged(alarm) && alarm.id !== seen,
  )
  const [first] = waiting
  if (first === undefined || (onBoard && seen === undefined)) return null
  return (
    <a class={onBoard ? 'alarm-strip on-board' : 'alarm-strip'} href={hashOf('alarm', {}, first.id)}>
      <b>▲ {words.strip(waiting.length)}</b> {first.site.name} {first.device.placement ?? first.device.name}{' '}
      <ClockText alarm={first} /> <span class="go">{words.openIt} →</span>
    </a>
  )
}

/** For a screen reader: each new alarm is spoken, on whatever page. */
export function Announcement() {
  const { selection } = useStation()
  const words = useWords(boardWords)
  const newest = newestOf(selection.list.value)
  return (
    <p class="unseen" role="alert">
      {newest !== undefined && words.newAlarm(newest.site.name, newest.device.placement ?? newest.device.name)}
    </p>
  )
}
