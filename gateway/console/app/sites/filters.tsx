import type { DeviceView } from '../../../../schemas/api.ts'
import { Choice, Field } from '../parts/field.tsx'
import { useStation } from '../station.ts'
import { alarmWords } from '../words/alarm.ts'
import { siteWords } from '../words/sites.ts'
import { useWords } from '../words/words.ts'
import { type SitesFilter, type State, states } from './filter.ts'

export function Filters({ filter, onFilter }: { filter: SitesFilter; onFilter: (more: Partial<SitesFilter>) => void }) {
  const { world } = useStation()
  const words = useWords(siteWords)
  const { deviceKinds, presences } = useWords(alarmWords)
  const name = (state: State) => ({ ...presences, ...words.states })[state]
  return (
    <>
      <Field label={words.find}>
        <input type="search" value={filter.find} onInput={event => onFilter({ find: event.currentTarget.value })} />
      </Field>
      <Choice
        label={words.site}
        value={filter.site}
        all={words.allSites}
        options={world.sites.value.map(({ id, name }) => [id, name] as const)}
        onChoose={site => onFilter({ site })}
      />
      <Choice
        label={words.kind}
        value={filter.kind}
        all={words.allKinds}
        options={(Object.keys(deviceKinds) as DeviceView['kind'][]).map(kind => [kind, deviceKinds[kind]] as const)}
        onChoose={kind => onFilter({ kind })}
      />
      <Choice
        label={words.state}
        value={filter.state}
        all={words.allStates}
        options={states.map(state => [state, name(state)] as const)}
        onChoose={state => onFilter({ state })}
      />
    </>
  )
}
