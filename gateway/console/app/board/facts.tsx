import type { Alarm } from '../../../../schemas/alarm.ts'
import { openAt } from '../at-site.ts'
import { ModeBadge, StageBadge } from '../parts/stage.tsx'
import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { timeOrDay } from '../time.ts'
import { alarmWords } from '../words/alarm.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'

/** Where it is, whom to call there, how fast somebody has to be there. */
export function Facts({ alarm }: { alarm: Alarm }) {
  const { world, clock } = useStation()
  const words = useWords(boardWords)
  const { triggers, deviceKinds } = useWords(alarmWords)
  const { site, device, location } = { ...alarm, location: alarm.site.location }
  const now = clock.now.value
  const neighbours = openAt(world.open.value, site.id, alarm.id)
  return (
    <>
      <p class="marks">
        <b>{triggers[alarm.trigger]}</b> · {words.pressed(alarm.pressCount)} ·{' '}
        <time>{timeOrDay(alarm.raisedAt, now)}</time> · {words.class(site.responseMinutes)}
        {alarm.restoredAt !== null && ` · ${words.restored(timeOrDay(alarm.restoredAt, now))}`}
        {alarm.maintenance && <b class="warn"> · {words.maintenance}</b>}
      </p>
      <dl class="facts">
        <dt>{words.address}</dt>
        <dd>
          {site.address ?? <span class="quiet">{words.noAddress}</span>}
          {location !== null && (
            <span class="quiet">
              {' '}
              {location.lat.toFixed(5)}, {location.lon.toFixed(5)} {location.crs}
            </span>
          )}
        </dd>
        <dt>{words.contacts}</dt>
        <dd>
          {site.contacts.length === 0 && <span class="quiet">{words.noContacts}</span>}
          {site.contacts.map(({ name, phone }) => (
            <a key={`${name}${phone}`} class="contact" href={`tel:${phone.replaceAll(/[^\d+]/g, '')}`}>
              {name} <b>{phone}</b>
            </a>
          ))}
        </dd>
        <dt>{words.device}</dt>
        <dd>
          {device.name}{' '}
          <span class="quiet">{[deviceKinds[device.kind], device.placement].filter(Boolean).join(' · ')}</span>
        </dd>
        {alarm.incidentNo !== null && (
          <>
            <dt>{words.incident}</dt>
            <dd>{alarm.incidentNo}</dd>
          </>
        )}
      </dl>
      {neighbours.length > 0 && (
        <section class="neighbours">
          <h3>▲ {words.neighbours}</h3>
          {neighbours.map(({ id, trigger, mode, stage }) => (
            <a key={id} href={hashOf('alarm', {}, id)}>
              <ModeBadge mode={mode} /> {triggers[trigger]} <StageBadge stage={stage} />
            </a>
          ))}
        </section>
      )}
    </>
  )
}
