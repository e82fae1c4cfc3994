import type { Device, RegistryFile, Site } from '../../schemas/registry.ts'
import { Failure } from '../arguments.ts'
import { createRandom } from '../random.ts'
import { along, timeOfDayMs } from '../rhythm.ts'
import { builtInPulse, type Pulse } from '../timetable.ts'
import type { Rate } from './day.ts'
import { type Deed, deedsOf, type Player } from './deeds.ts'
import type { Mix } from './mix.ts'
import { occurrencesOf } from './occurrences.ts'
import type { Part } from './part.ts'
import { isDevice } from './who.ts'

/** A mix bound to a registry: who takes part, what each does, and what is done to them, in order. Pure, the same for the same seed. */
export type Cast = {
  registry: RegistryFile
  parts: ReadonlyMap<string, Part>
  deeds: readonly Deed[]
  /** Sites that go dark at some time: their devices reach the gateway through a line of the site's own. */
  darkSites: ReadonlySet<string>
}

/** `alsoWith`: devices that take part whatever the days say. Throws Failure with every fault that meets nobody. */
export function castOf(mix: Mix, registry: RegistryFile, seed: string, alsoWith: ReadonlySet<string>): Cast {
  const players: Player[] = registry.sites.flatMap(site =>
    registry.devices
      .filter(device => device.site === site.id && device.disabled !== true)
      .filter(
        device =>
          alsoWith.has(device.id) ||
          // Nobody but the recorded ones, where a recording is played and no day names others.
          (mix.fleet?.some(which => isDevice(which, device, site)) ?? mix.replays === undefined),
      )
      .map(device => ({ device, site, part: partOf(mix, device, site) })),
  )
  if (players.length === 0)
    throw new Failure(`nobody takes part in ${mix.name}: no device of the registry fits its fleet`)
  const deeds: Deed[] = []
  const mistakes: string[] = []
  for (const fault of mix.faults) {
    const windows = occurrencesOf(fault, mix)
    const done =
      typeof windows === 'string' ? windows : deedsOf(fault, windows, players, createRandom(seed, fault.seed))
    if (typeof done === 'string') mistakes.push(`${fault.where}: ${done}`)
    else for (const deed of done) deeds.push(deed)
  }
  if (mistakes.length > 0) throw new Failure(mistakes.join('\n'))
  const sites = new Set(players.map(({ site }) => site.id))
  return {
    registry: {
      ...registry,
      sites: registry.sites.filter(({ id }) => sites.has(id)),
      devices: players.map(({ device }) => device),
    },
    parts: new Map(players.map(({ device, part }) => [device.id, part])),
    deeds: deeds.sort((one, other) => one.atMs - other.atMs),
    darkSites: new Set(deeds.flatMap(deed => (deed.what === 'dark' ? [deed.site] : []))),
  }
}

function partOf(mix: Mix, device: Device, site: Site): Part {
  const builtIn = builtInPulse({ device, siteKind: site.kind })
  const rules = mix.rates.flatMap(rates => rates.find(rate => isDevice(rate, device, site)) ?? [])
  const silent: Pulse = { peak: 0, at: () => 0 }
  const usual = mix.replays === undefined ? builtIn : silent
  const pulse = rules.length === 0 ? usual : sumOf(rules.map(rule => pulseOf(rule, builtIn)))
  return { pulse, floods: [], malformed: [], presses: [] }
}

function pulseOf({ rhythm, perHour }: Rate, builtIn: Pulse): Pulse {
  if (perHour === undefined) {
    const factor = rhythm ?? 1
    return { peak: builtIn.peak * factor, at: ms => builtIn.at(ms) * factor }
  }
  return { peak: Math.max(...perHour.map(([, rate]) => rate)), at: ms => along(perHour, timeOfDayMs(ms)) }
}

const sumOf = (pulses: readonly Pulse[]): Pulse => ({
  peak: pulses.reduce((sum, { peak }) => sum + peak, 0),
  at: ms => pulses.reduce((sum, { at }) => sum + at(ms), 0),
})
