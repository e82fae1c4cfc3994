import { useComputed } from '@preact/signals'
import type { SiteView } from '../../../../schemas/api.ts'
import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { alarmWords } from '../words/alarm.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'
import { looksOf, type SiteLook } from './look.ts'
import { hasPlace, type Placed, placed } from './projection.ts'
import { Shape } from './shape.tsx'

const box = { width: 640, height: 400, margin: 36 }
const apart = 27

/** Where the sites lie to each other. Shape says the kind, filling and outline how it is; names where something is the matter. */
export function SiteMap() {
  const { world, selection } = useStation()
  const words = useWords(boardWords)
  const { siteKinds } = useWords(alarmWords)
  const spots = useComputed(() => placed(world.sites.value, box, apart)).value
  const look = useComputed(() => looksOf(world.devices.value, world.open.value)).value
  const sites = new Map(world.sites.value.map(site => [site.id, site]))
  const shownSite = selection.shown.value?.site.id
  // What matters is drawn last, on top of the rest.
  const drawn = spots.toSorted(
    (one, other) => Number(look(one.id).state === 'alarm') - Number(look(other.id).state === 'alarm'),
  )
  const missing = world.sites.value.filter(site => !hasPlace(site)).length
  return (
    <section class="map" aria-labelledby="map">
      <h2 id="map">
        {words.map}
        {missing > 0 && <span> · {words.noPlace(missing)}</span>}
      </h2>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset can't stand for a drawing */}
      <svg viewBox={`0 0 ${box.width} ${box.height}`} role="group" aria-label={words.mapLabel}>
        {drawn.map(spot => (
          <Spot
            key={spot.id}
            spot={spot}
            site={sites.get(spot.id) as SiteView}
            look={look(spot.id)}
            isShown={shownSite === spot.id}
          />
        ))}
      </svg>
      <p class="legend quiet" aria-hidden="true">
        □ {siteKinds.school} ▫ {siteKinds.kindergarten} ○ {siteKinds.compound} ◇ {siteKinds.checkpoint}
        <span class="spring" />■ {words.states.alarm} □ {words.states.well} ┄ {words.states.silent}
      </p>
    </section>
  )
}

function Spot({ spot, site, look, isShown }: { spot: Placed; site: SiteView; look: SiteLook; isShown: boolean }) {
  const words = useWords(boardWords)
  const isNamed = isShown || look.state === 'alarm' || look.state === 'silent'
  const isRight = spot.x > box.width * 0.72
  const says = `${site.name}: ${words.states[look.state]}`
  return (
    <a href={hashOf('sites', { site: site.id })} aria-label={says}>
      <g
        class={`spot ${look.state} ${look.mode} ${isShown ? 'shown' : ''}`}
        transform={`translate(${spot.x} ${spot.y})`}
      >
        <title>{says}</title>
        {look.state === 'alarm' && look.mode === 'actual' && <circle class="pulse" r={17} />}
        {isShown && <circle class="mark" r={20} />}
        <circle class="reach" r={13} />
        <Shape kind={site.kind} size={look.state === 'alarm' ? 11 : 8} />
        {isNamed && (
          <text x={isRight ? -16 : 16} y={5} text-anchor={isRight ? 'end' : 'start'}>
            {site.name}
          </text>
        )}
      </g>
    </a>
  )
}
