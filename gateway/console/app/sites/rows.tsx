import type { MaintenanceView } from '../../../../schemas/actions.ts'
import type { DeviceView } from '../../../../schemas/api.ts'
import type { Histogram } from '../../../../schemas/histogram.ts'
import { openAt } from '../at-site.ts'
import { marksOf } from '../counted.ts'
import { ago } from '../figures.ts'
import { useRead } from '../parts/use-read.ts'
import { isoOf } from '../range.ts'
import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { alarmWords } from '../words/alarm.ts'
import { healthWords } from '../words/health.ts'
import { siteWords } from '../words/sites.ts'
import { useWords } from '../words/words.ts'
import { lowBattery, type SiteRow, totalsOf, windowOf } from './filter.ts'
import { Begin, type Place, Window } from './maintenance.tsx'
import { StatusBar } from './status-bar.tsx'

export const dayMs = 24 * 60 * 60_000
export const halfHours = 48

/** What all rows share: the windows, which form is open, and how a row asks for it. */
export type Shared = {
  windows: readonly MaintenanceView[]
  asking: string | undefined
  ask: (key: string | undefined) => void
  onChanged: () => void
}

const keyOf = ({ of, id }: Place) => `${of} ${id}`

function AskRow({ place, shared }: { place: Place; shared: Shared }) {
  const done = () => {
    shared.ask(undefined)
    shared.onChanged()
  }
  if (shared.asking !== keyOf(place)) return null
  return (
    <tr class="opened">
      <td colSpan={7}>
        <Begin place={place} onDone={done} />
      </td>
    </tr>
  )
}

function WindowCell(props: { place: Place; window: MaintenanceView | undefined; shared: Shared }) {
  const { place, window, shared } = props
  const key = keyOf(place)
  return (
    <td>
      <Window
        place={place}
        window={window}
        isAsking={shared.asking === key}
        onAsk={() => shared.ask(key)}
        onDone={shared.onChanged}
      />
    </td>
  )
}

/** The columns before it, the same for sites and devices. */
function Figures(props: { lastSeenAt: string | null; missing: number; battery: number | null }) {
  const { clock } = useStation()
  const words = useWords(siteWords)
  const { units } = useWords(healthWords)
  const { lastSeenAt, missing, battery } = props
  const seconds = lastSeenAt === null ? undefined : Math.max(0, (clock.now.peek() - Date.parse(lastSeenAt)) / 1000)
  return (
    <>
      <td class="seen">
        {seconds === undefined ? <span class="quiet">{words.never}</span> : words.ago(ago(seconds, units))}
      </td>
      <td class="number" data-name={words.missing}>
        {missing === 0 ? <span class="quiet">0</span> : <b class="warn">{missing}</b>}
      </td>
      <td class="number" data-name={words.battery}>
        {battery === null ? (
          <span class="quiet">{words.none}</span>
        ) : (
          <span class={battery < lowBattery ? 'warn' : undefined}>
            {battery < lowBattery && '⚠ '}
            {Math.round(battery)}%
          </span>
        )}
      </td>
    </>
  )
}

export function SiteRows(props: {
  row: SiteRow
  isOpen: boolean
  onToggle: () => void
  activity: Histogram | undefined
  shared: Shared
}) {
  const { row, isOpen, onToggle, activity, shared } = props
  const { world } = useStation()
  const { site, devices, shown } = row
  const words = useWords(siteWords)
  const { siteKinds } = useWords(alarmWords)
  const { counted, online, ...figures } = totalsOf(devices)
  const place: Place = { of: 'site', id: site.id, name: site.name }
  const open = openAt(world.open.value, site.id).length
  return (
    <>
      <tr class="site">
        <th scope="row">
          <button type="button" class="plain opener" aria-expanded={isOpen} onClick={onToggle}>
            <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span> {site.name}
          </button>
          <span class="quiet"> {siteKinds[site.kind]}</span> {open > 0 && <b class="alarm">{words.openAlarms(open)}</b>}
        </th>
        <td class={online < counted ? 'warn' : undefined}>{words.online(online, counted)}</td>
        <td class="bar">{activity !== undefined && <StatusBar marks={marksOf(activity, site.id)} />}</td>
        <Figures {...figures} />
        <WindowCell place={place} window={windowOf(shared.windows, { site: site.id })} shared={shared} />
      </tr>
      <AskRow place={place} shared={shared} />
      {isOpen && <DeviceRows site={site.id} devices={shown} shared={shared} />}
    </>
  )
}

/** Their status bars are asked for when they are opened: one question for all devices of the site. */
function DeviceRows({ site, devices, shared }: { site: string; devices: readonly DeviceView[]; shared: Shared }) {
  const { api, clock } = useStation()
  const { data } = useRead(`activity ${site}`, signal => {
    const from = isoOf(clock.at() - dayMs)
    return api.get('events/histogram', { site, by: 'device', from, buckets: halfHours }, signal)
  })
  return (
    <>
      {devices.map(device => (
        <DeviceRow key={device.id} device={device} activity={data} shared={shared} />
      ))}
    </>
  )
}

function DeviceRow({
  device,
  activity,
  shared,
}: {
  device: DeviceView
  activity: Histogram | undefined
  shared: Shared
}) {
  const words = useWords(siteWords)
  const { deviceKinds, presences } = useWords(alarmWords)
  const { id, site, presence, disabled } = device
  const place: Place = { of: 'device', id, name: device.name }
  const tone = presence === 'online' ? 'good' : presence === 'unknown' ? 'quiet' : 'warn'
  return (
    <>
      <tr class="device">
        <td>
          {device.name} <span class="quiet">{deviceKinds[device.kind]}</span>{' '}
          <a class="quiet small" href={hashOf('events', { site, device: id, last: '24h' })} title={words.events}>
            {id}
          </a>
        </td>
        <td>
          {disabled ? (
            <span class="quiet">{words.disabled}</span>
          ) : (
            <span class={tone}>
              {words.marks[presence]} {presences[presence]}
            </span>
          )}
        </td>
        <td class="bar">{activity !== undefined && <StatusBar marks={marksOf(activity, id)} />}</td>
        <Figures lastSeenAt={device.lastSeenAt} missing={device.missing} battery={device.battery} />
        <WindowCell place={place} window={windowOf(shared.windows, { site, device: id })} shared={shared} />
      </tr>
      <AskRow place={place} shared={shared} />
    </>
  )
}
