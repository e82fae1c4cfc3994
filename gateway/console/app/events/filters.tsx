import { kindNames } from '../kind-names.ts'
import { Choice } from '../parts/field.tsx'
import { TimeRange } from '../parts/time-range.tsx'
import { useStation } from '../station.ts'
import { alarmWords } from '../words/alarm.ts'
import { eventWords } from '../words/events.ts'
import { useWords } from '../words/words.ts'
import { type EventFilter, quickRanges, withSite } from './filter.ts'

export function Filters({ filter, onFilter }: { filter: EventFilter; onFilter: (filter: EventFilter) => void }) {
  const { world } = useStation()
  const words = useWords(eventWords)
  const { eventKinds } = useWords(alarmWords)
  const devices = world.devices.value.filter(({ site }) => filter.site === '' || site === filter.site)
  return (
    <>
      <Choice
        label={words.site}
        value={filter.site}
        all={words.allSites}
        options={world.sites.value.map(({ id, name }) => [id, name] as const)}
        onChoose={site => onFilter(withSite(filter, site))}
      />
      <Choice
        label={words.device}
        value={filter.device}
        all={words.allDevices}
        options={devices.map(({ id, name }) => [id, name === id ? id : `${name} ${id}`] as const)}
        onChoose={device => onFilter({ ...filter, device })}
      />
      <Choice
        label={words.kind}
        value={filter.kind}
        all={words.allKinds}
        options={kindNames.map(kind => [kind, eventKinds[kind]] as const)}
        onChoose={kind => onFilter({ ...filter, kind })}
      />
      <TimeRange range={filter.range} quick={quickRanges} onChoose={range => onFilter({ ...filter, range })} />
    </>
  )
}
