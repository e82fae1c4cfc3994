import type { Device, Site } from '../../schemas/registry.ts'
import type { Random } from '../random.ts'
import type { Wrong } from './day.ts'
import type { PlacedFault } from './mix.ts'
import type { Window } from './occurrences.ts'
import type { Part } from './part.ts'
import { spanText } from './span.ts'
import { isDevice, isSite, someOf } from './who.ts'

/** What happens to many at one moment, beside what each says. `text` is for a person. */
export type Deed = { atMs: number; text: string } & (
  | { what: 'dark' | 'back'; site: string }
  | { what: 'skew'; devices: readonly string[]; byMs: number }
  | { what: 'reconnect'; devices: readonly string[] }
  /** All of it is in the devices' own parts. */
  | { what: 'told' }
)
export type Player = { device: Device; site: Site; part: Part }
type Some<K extends Wrong['kind']> = Extract<Wrong, { kind: K }>

const isButton = ({ device }: Player) => device.kind === 'panic-button'

/** Writes a fault into its devices' parts; what else is to be done, or a sentence where it meets nobody. */
export function deedsOf(
  fault: PlacedFault,
  windows: readonly Window[],
  players: Player[],
  random: Random,
): Deed[] | string {
  const { wrong } = fault
  const deeds =
    wrong.kind === 'power-cut' || wrong.kind === 'press'
      ? atSites(wrong, windows, players, random)
      : ofDevices(wrong, fault.seed, windows, players, random)
  return (
    deeds ??
    `${wrong.kind}: fits none of those who take part; change it, or the fleet, or play it with another registry`
  )
}

function atSites(wrong: Some<'power-cut' | 'press'>, windows: readonly Window[], players: Player[], random: Random) {
  const apt = wrong.kind === 'press' ? players.filter(isButton) : players
  const sites = someOf(
    [...new Set(apt.map(({ site }) => site))].filter(site => isSite(wrong, site)),
    wrong,
    random,
  )
  if (sites.length === 0) return undefined
  return sites.flatMap(site => {
    if (wrong.kind === 'power-cut') return powerCut(site, windows)
    return pressed(apt.find(button => button.site === site)!, wrong, windows)
  })
}

const powerCut = ({ id, name }: Site, windows: readonly Window[]): Deed[] =>
  windows.flatMap(({ fromMs, toMs }): Deed[] => [
    { atMs: fromMs, what: 'dark', site: id, text: `power-cut: ${id} (${name}) goes dark` },
    { atMs: toMs, what: 'back', site: id, text: `power-cut: ${id} (${name}) is back` },
  ])

function pressed({ device, part }: Player, { trigger, mode }: Some<'press'>, windows: readonly Window[]): Deed[] {
  part.presses.push({ windows, alarm: { trigger, state: 'raised', mode } })
  return windows.map(({ fromMs }) => ({
    atMs: fromMs,
    what: 'told',
    text: `press: ${trigger} (${mode}) at ${device.id}`,
  }))
}

const listed = (ids: readonly string[]) => (ids.length > 3 ? `${ids.length} devices` : ids.join(', '))

function ofDevices(
  wrong: Exclude<Wrong, Some<'power-cut' | 'press'>>,
  seed: string,
  windows: readonly Window[],
  players: readonly Player[],
  random: Random,
): Deed[] | undefined {
  const which = wrong.devices
  const leavesButtons = wrong.kind === 'flood' && which.kind === undefined
  const apt = players.filter(
    player => isDevice(which, player.device, player.site) && !(leavesButtons && isButton(player)),
  )
  const chosen = someOf(apt, which, random)
  if (chosen.length === 0) return undefined
  const devices = chosen.map(({ device }) => device.id)
  const told = (text: string): Deed[] =>
    windows.map(({ fromMs, toMs }) => ({
      atMs: fromMs,
      what: 'told',
      text: `${wrong.kind}: ${text} for ${spanText(toMs - fromMs)}`,
    }))
  switch (wrong.kind) {
    case 'flood':
      for (const { part } of chosen) part.floods.push({ windows, perSecond: wrong.perSecond, seed })
      return told(`${listed(devices)}, ${wrong.perSecond}/s each`)
    case 'malformed':
      for (const { part } of chosen) part.malformed.push({ windows, share: wrong.share, burst: wrong.burst, seed })
      return told(`${Number((wrong.share * 100).toFixed(2))} % of what ${listed(devices)} says`)
    case 'clock-skew':
      return windows.flatMap(({ fromMs, toMs }) => skewed(devices, wrong.minutes, fromMs, toMs))
    case 'reconnect':
      return windows.map(({ fromMs }) => ({
        atMs: fromMs,
        what: 'reconnect',
        devices,
        text: `reconnect: ${listed(devices)}, all at once`,
      }))
  }
}

function skewed(devices: readonly string[], minutes: number, fromMs: number, toMs: number): Deed[] {
  const byMs = minutes * 60_000
  const by = `${Math.abs(minutes)} min ${minutes < 0 ? 'behind' : 'ahead'}`
  return [
    { atMs: fromMs, what: 'skew', devices, byMs, text: `clock-skew: ${listed(devices)} ${by}` },
    { atMs: toMs, what: 'skew', devices, byMs: -byMs, text: `clock-skew: ${listed(devices)} set right` },
  ]
}
