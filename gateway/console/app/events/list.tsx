import { Fragment } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import type { EventView } from '../../../../schemas/api.ts'
import type { Kind } from '../../../../schemas/events/kinds.ts'
import { useStation } from '../station.ts'
import { duration, timeOrDay } from '../time.ts'
import { alarmWords } from '../words/alarm.ts'
import { eventWords } from '../words/events.ts'
import { useWords } from '../words/words.ts'
import { Details } from './details.tsx'
import { summaryOf } from './summary.ts'

/** A buffered event that came so much later than it happened says so. */
const lateMs = 10_000

/** `onOpened`: somebody reads one; the rows should stand still. */
export function List({ events, onOpened }: { events: readonly EventView[]; onOpened: () => void }) {
  const { world, clock } = useStation()
  const words = useWords(eventWords)
  const { eventKinds, triggers, modes } = useWords(alarmWords)
  const [opened, open] = useState<number | undefined>()
  const names = useMemo(
    () => new Map([...world.sites.value, ...world.devices.value].map(({ id, name }) => [id, name])),
    [world.sites.value, world.devices.value],
  )
  const now = clock.now.peek()
  if (events.length === 0) return <p class="quiet room">{words.none}</p>
  const toggle = (seq: number) => {
    open(opened === seq ? undefined : seq)
    if (opened !== seq) onOpened()
  }
  const late = ({ time, receivedAt }: EventView) => Date.parse(receivedAt) - Date.parse(time)
  return (
    <section class="table-room" aria-label={words.list}>
      <table class="rows stacking">
        <thead>
          <tr>
            <th scope="col">{words.time}</th>
            <th scope="col">{words.site}</th>
            <th scope="col">{words.device}</th>
            <th scope="col">{words.kind}</th>
            <th scope="col">{words.says}</th>
          </tr>
        </thead>
        <tbody>
          {events.map(event => (
            <Fragment key={event.seq}>
              <tr class={event.kind === 'alarm' ? 'is-alarm' : undefined}>
                <td>
                  <button
                    type="button"
                    class="plain opener"
                    aria-expanded={opened === event.seq}
                    aria-label={`${words.open} ${timeOrDay(event.time, now)}`}
                    onClick={() => toggle(event.seq)}
                  >
                    <span aria-hidden="true">{opened === event.seq ? '▾' : '▸'}</span> {timeOrDay(event.time, now)}
                  </button>
                </td>
                <td>{names.get(event.site) ?? event.site}</td>
                <td>
                  {names.get(event.device) ?? event.device} <span class="quiet id">{event.device}</span>
                </td>
                <td>
                  {event.kind === 'alarm' ? '▲ ' : ''}
                  {eventKinds[event.kind as Kind] ?? event.kind}
                </td>
                <td class="says">
                  {summaryOf(event, { ...words.summary, triggers, modes })}
                  {event.timeSource === 'device' && late(event) > lateMs && (
                    <span class="quiet"> · {words.late(duration(late(event)))}</span>
                  )}
                  {event.clockSkewMs !== null && <span class="warn"> · ⚠ {words.clockWrong}</span>}
                </td>
              </tr>
              {opened === event.seq && (
                <tr class="opened">
                  <td colSpan={5}>
                    <Details event={event} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  )
}
