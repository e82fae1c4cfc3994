import { useComputed } from '@preact/signals'
import type { DeviceView } from '../../../../schemas/api.ts'
import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { alarmWords } from '../words/alarm.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'
import { looksOf } from './look.ts'
import { bySite } from './presence.ts'
import { Shape } from './shape.tsx'
import { siteKinds } from './site-kinds.ts'

/** Every site in a line of its own, with a bar for each device: full, hollow or dashed. */
export function SiteGrid() {
  const { world } = useStation()
  const words = useWords(boardWords)
  const { siteKinds: kindNames } = useWords(alarmWords)
  const look = useComputed(() => looksOf(world.devices.value, world.open.value)).value
  const devices = useComputed(() => bySite(world.devices.value)).value
  return (
    <section class="site-grid" aria-label={words.sites}>
      {siteKinds.map(kind => {
        const here = world.sites.value.filter(site => site.kind === kind)
        return (
          here.length > 0 && (
            <div key={kind}>
              <h2>
                {kindNames[kind]} ({here.length})
              </h2>
              <ul>
                {here.map(({ id, name }) => {
                  const { state, mode } = look(id)
                  return (
                    <li key={id}>
                      <a
                        class={`site ${state} ${mode}`}
                        href={hashOf('sites', { site: id })}
                        title={words.states[state]}
                      >
                        <svg viewBox="-10 -10 20 20" aria-hidden="true">
                          <Shape kind={kind} size={7} />
                        </svg>
                        <span class="name">{name}</span>
                        <Pips devices={devices.get(id) ?? []} />
                        <span class="unseen">{words.states[state]}</span>
                      </a>
                    </li>
                  )
                })}
              </ul>
            </div>
          )
        )
      })}
    </section>
  )
}

function Pips({ devices }: { devices: readonly DeviceView[] }) {
  return (
    <span class="pips" aria-hidden="true">
      {devices.map(({ id, presence, disabled }) => (
        <i key={id} class={disabled ? 'disabled' : presence} />
      ))}
    </span>
  )
}
