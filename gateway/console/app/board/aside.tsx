import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { dayOf, timeOfDay, timeOrDay } from '../time.ts'
import { alarmWords } from '../words/alarm.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'
import { isMissing } from './presence.ts'

const shownAtMost = 8

/** Devices that ought to be heard and are not; a silent button is itself a report. */
export function SilentDevices() {
  const { world, clock } = useStation()
  const words = useWords(boardWords)
  const { presences } = useWords(alarmWords)
  const missing = world.devices.value
    .filter(isMissing)
    .sort((one, other) => Number(other.kind === 'panic-button') - Number(one.kind === 'panic-button'))
  const unknown = world.devices.value.filter(({ presence, disabled }) => presence === 'unknown' && !disabled).length
  const siteName = new Map(world.sites.value.map(({ id, name }) => [id, name]))
  const now = clock.now.value
  return (
    <section class="silent-devices" aria-labelledby="silent-devices">
      <h2 id="silent-devices">
        {words.silentDevices} ({missing.length})
      </h2>
      {missing.length === 0 && <p class="quiet">{words.allHeard}</p>}
      <ul>
        {missing.slice(0, shownAtMost).map(({ id, site, name, presence, lastSeenAt }) => (
          <li key={id} class="line">
            <a href={hashOf('sites', { site })}>
              <span class="warn">◌</span> {siteName.get(site) ?? site} <span class="quiet">{name}</span>
            </a>
            <span class="warn">
              {presences[presence]} {lastSeenAt !== null && timeOrDay(lastSeenAt, now)}
            </span>
          </li>
        ))}
      </ul>
      {missing.length > shownAtMost && <a href={hashOf('sites')}>{words.more(missing.length - shownAtMost)}</a>}
      {unknown > 0 && <p class="quiet">{words.notHeard(unknown)}</p>}
    </section>
  )
}

export function ClosedToday() {
  const { world, clock, selection } = useStation()
  const words = useWords(boardWords)
  const { dispositions } = useWords(alarmWords)
  const today = dayOf(clock.now.value)
  const closed = world.closed.value
    .map(alarm => ({ alarm, line: alarm.history.findLast(({ what }) => what === 'closed') }))
    .filter(({ line }) => line !== undefined && dayOf(line.at) === today)
    .sort((one, other) => Date.parse(other.line?.at ?? '') - Date.parse(one.line?.at ?? ''))
  return (
    <section class="closed-today" aria-labelledby="closed-today">
      <h2 id="closed-today">
        {words.closedToday} ({closed.length})
      </h2>
      {closed.length === 0 && <p class="quiet">{words.noneClosed}</p>}
      <ul>
        {closed.slice(0, shownAtMost).map(({ alarm, line }) => (
          <li key={alarm.id} class="line">
            <a
              href={hashOf('alarm', {}, alarm.id)}
              aria-current={selection.shown.value?.id === alarm.id ? 'true' : undefined}
            >
              <span class="quiet">✓ {timeOfDay(line?.at ?? alarm.raisedAt)}</span> {alarm.site.name}
            </a>
            <span class="quiet">{alarm.disposition !== null && dispositions[alarm.disposition]}</span>
          </li>
        ))}
      </ul>
      {closed.length > shownAtMost && <p class="quiet">{words.more(closed.length - shownAtMost)}</p>}
    </section>
  )
}
