import type { Alarm } from '../../../../schemas/alarm.ts'
import { summaryOf } from '../events/summary.ts'
import { useStation } from '../station.ts'
import { timeOrDay } from '../time.ts'
import { alarmWords } from '../words/alarm.ts'
import { boardWords } from '../words/board.ts'
import { eventWords } from '../words/events.ts'
import { useWords } from '../words/words.ts'
import { escalationsOf, pressing } from './told.ts'

/** What happened to the alarm, who did it and when; the latest first. */
export function History({ alarm }: { alarm: Alarm }) {
  const now = useStation().clock.now.value
  const words = useWords(boardWords)
  return (
    <section class="history">
      <h2>{words.history}</h2>
      <ol>
        {alarm.history.toReversed().map(({ at, what, by, note, unit, incidentNo }, index) => (
          <li key={`${at}${what}${by}`} class={`line ${what}`} value={alarm.history.length - index}>
            <time>{timeOrDay(at, now)}</time>
            <span>
              <b>{words.lines[what]}</b> {by !== undefined && (what === 'escalated' ? words.deadlines(by) : by)}
              {unit !== undefined && ` → ${unit}`}
              {incidentNo !== undefined && <span class="quiet"> {incidentNo}</span>}
              {note !== undefined && <q> {note}</q>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** Each deadline that was missed says who was told because of it. */
export function Missed({ alarm }: { alarm: Alarm }) {
  const now = useStation().clock.now.value
  const words = useWords(boardWords)
  const escalations = pressing(escalationsOf(alarm), alarm)
  if (escalations.length === 0 || alarm.stage === 'closed') return null
  return (
    <ul class="missed-deadlines">
      {escalations.map(({ at, missed, told }) => (
        <li key={missed}>
          ▲{' '}
          {told.length === 0
            ? words.missedTelling(words.deadlines(missed), timeOrDay(at, now))
            : words.missedTold(words.deadlines(missed), told.join(', '), timeOrDay(at, now))}
        </li>
      ))}
    </ul>
  )
}

const shownAtMost = 12

/** The site's last events before the alarm. */
export function Recent({ alarm }: { alarm: Alarm }) {
  const { world, clock } = useStation()
  const now = clock.now.value
  const words = useWords(boardWords)
  const { eventKinds, triggers, modes } = useWords(alarmWords)
  const { summary: says } = useWords(eventWords)
  const names = new Map(world.devices.value.map(({ id, name }) => [id, name]))
  const recent = alarm.context.recent.toSorted((one, other) => other.seq - one.seq).slice(0, shownAtMost)
  return (
    <section class="recent">
      <h2>{words.recent}</h2>
      {recent.length === 0 && <p class="quiet">{words.noRecent}</p>}
      <ol>
        {recent.map(({ seq, at, device, kind, summary }) => (
          <li key={seq} class="line">
            <time>{timeOrDay(at, now)}</time>
            <span>
              {names.get(device) ?? device} <b>{eventKinds[kind as keyof typeof eventKinds] ?? kind}</b>{' '}
              <span class={isOdd(summary) ? 'warn' : 'quiet'}>
                {summaryOf(
                  { kind, data: kind === 'telemetry' ? { metrics: summary } : summary },
                  { ...says, triggers, modes },
                )}
              </span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** Somebody was not let in, or not known: what one looks for before a press. */
const isOdd = ({ result, match }: Alarm['context']['recent'][number]['summary']): boolean =>
  result === 'denied' || match === 'stranger' || match === 'listed'
