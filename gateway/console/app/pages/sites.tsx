import { useState } from 'preact/hooks'
import { Failure } from '../parts/failure.tsx'
import { useRead } from '../parts/use-read.ts'
import { isoOf } from '../range.ts'
import { hashOf } from '../route.ts'
import { filterOf, isNarrow, rowsOf, type SitesFilter } from '../sites/filter.ts'
import { Filters } from '../sites/filters.tsx'
import { dayMs, halfHours, type Shared, SiteRows } from '../sites/rows.tsx'
import { useStation } from '../station.ts'
import { dayAndTime } from '../time.ts'
import { frameWords } from '../words/frame.ts'
import { partWords } from '../words/parts.ts'
import { siteWords } from '../words/sites.ts'
import { useWords } from '../words/words.ts'

const figuresEveryMs = 15_000
const activityEveryMs = 60_000

/** Who is there, when they were heard last, and what is missing; where somebody works. */
export function Sites() {
  const { api, clock, live, route, world } = useStation()
  const words = useWords(siteWords)
  const { pages } = useWords(frameWords)
  const { loading } = useWords(partWords)
  const [opened, open] = useState<ReadonlySet<string>>(new Set())
  const [asking, ask] = useState<string | undefined>()
  const filter = filterOf(route.value.query)
  // Presence comes by the stream; last signs of life, gaps and batteries only by the list.
  const figures = useRead('devices', signal => world.read('devices', api, signal), figuresEveryMs)
  const maintenance = useRead('maintenance', signal => api.get('maintenance', {}, signal), figuresEveryMs)
  const activity = useRead(
    'activity',
    signal => api.get('events/histogram', { by: 'site', from: isoOf(clock.at() - dayMs), buckets: halfHours }, signal),
    activityEveryMs,
  )
  const windows = maintenance.data?.items ?? []
  const rows = rowsOf(world.sites.value, world.devices.value, windows, filter)
  const shown = rows.reduce((sum, row) => sum + row.shown.length, 0)
  const shared: Shared = {
    windows,
    asking,
    ask: key => ask(key === asking ? undefined : key),
    onChanged: maintenance.again,
  }
  const onFilter = (more: Partial<SitesFilter>) => {
    const address = hashOf('sites', { ...filter, ...more })
    // A letter more in the search is no step to go back to.
    if (more.find === undefined) window.location.hash = address
    else window.location.replace(address)
  }
  const toggle = (id: string) => {
    const next = new Set(opened)
    if (!next.delete(id)) next.add(id)
    open(next)
  }
  const error = figures.error ?? maintenance.error ?? activity.error
  return (
    <>
      <h1 class="unseen">{pages.sites}</h1>
      <div class="filters">
        <Filters filter={filter} onFilter={onFilter} />
        <span class="quiet state">
          {words.shown(rows.length, shown)} · {words.barKey}
          {activity.data?.countedFrom != null && ` · ${words.countedFrom(dayAndTime(activity.data.countedFrom))}`}
        </span>
      </div>
      {error !== undefined && live.isLive() && (
        <Failure
          error={error}
          onAgain={() => {
            figures.again()
            maintenance.again()
            activity.again()
          }}
        />
      )}
      {rows.length === 0 ? (
        <p class="quiet room">{world.sites.value.length === 0 ? loading : words.empty}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard
        <section class="table-room" tabIndex={0} aria-label={words.list}>
          <table class="rows stacking">
            <thead>
              <tr>
                <th scope="col">{words.name}</th>
                <th scope="col">{words.state}</th>
                <th scope="col">{words.activity}</th>
                <th scope="col">{words.lastSeen}</th>
                <th scope="col" class="number" title={words.missingLong}>
                  {words.missing}
                </th>
                <th scope="col" class="number">
                  {words.battery}
                </th>
                <th scope="col">{words.maintenance}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(row => (
                <SiteRows
                  key={row.site.id}
                  row={row}
                  // What was looked for is shown.
                  isOpen={isNarrow(filter) !== opened.has(row.site.id)}
                  onToggle={() => toggle(row.site.id)}
                  activity={activity.data}
                  shared={shared}
                />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  )
}
