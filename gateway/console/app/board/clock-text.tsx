import type { Alarm } from '../../../../schemas/alarm.ts'
import { useStation } from '../station.ts'
import { duration } from '../time.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'
import { type AlarmClock, clockOf } from './deadline.ts'

/** `23 / 30 s`: how long it waits, against how long it may. */
export function ClockText({ alarm }: { alarm: Alarm }) {
  const { clock } = useStation()
  const words = useWords(boardWords)
  const counted = clockOf(alarm, clock.now.value)
  if (counted === undefined) return null
  return (
    <span class={`clock ${counted.pressure}`}>
      <b>{elapsedText(counted)}</b>
      {counted.allowedMs !== undefined && (
        <span class="allowed">
          {' '}
          / {isShort(counted) ? `${counted.allowedMs / 1000} ${words.seconds}` : duration(counted.allowedMs)}
        </span>
      )}
    </span>
  )
}

/** What it waits for, in words: a missed deadline says so, whatever its colour. */
export function WaitText({ alarm }: { alarm: Alarm }) {
  const { clock } = useStation()
  const words = useWords(boardWords)
  const counted = clockOf(alarm, clock.now.value)
  if (counted === undefined) return null
  const { waitsFor, pressure, leftMs } = counted
  const unit = alarm.history.findLast(({ unit }) => unit !== undefined)?.unit
  return (
    <span class={`wait ${pressure}`}>
      {pressure === 'missed' ? words.missed[waitsFor] : words.waits[waitsFor]}
      {waitsFor === 'arrive' && unit !== undefined && ` ${unit}`}
      {leftMs !== undefined &&
        waitsFor === 'arrive' &&
        pressure !== 'missed' &&
        ` · ${words.left(duration(leftMs + 999))}`}
      {alarm.escalationLevel > 0 && ` · ${words.level(alarm.escalationLevel)}`}
    </span>
  )
}

const isShort = ({ allowedMs = 0 }: AlarmClock): boolean => allowedMs < 120_000
/** Bare seconds only where the limit is told in them too, and while they are easily read. */
const elapsedText = (counted: AlarmClock): string =>
  counted.allowedMs !== undefined && isShort(counted) && counted.elapsedMs < 120_000
    ? String(Math.floor(counted.elapsedMs / 1000))
    : duration(counted.elapsedMs)
