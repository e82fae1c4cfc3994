import type { MaintenanceView } from '../../../../schemas/actions.ts'
import type { DeviceView, SiteView } from '../../../../schemas/api.ts'

/** What the page of sites shows, as the address says it; '' is all. Pure. */
export const states = ['online', 'silent', 'offline', 'unknown', 'gaps', 'battery', 'maintenance', 'disabled'] as const
export type State = (typeof states)[number]
export type SitesFilter = { site: string; kind: string; state: State | ''; find: string }

export const filterOf = (query: Record<string, string>): SitesFilter => ({
  site: query.site ?? '',
  kind: query.kind ?? '',
  state: states.find(state => state === query.state) ?? '',
  find: query.find ?? '',
})
export const isNarrow = ({ site, kind, state, find }: SitesFilter): boolean => `${site}${kind}${state}${find}` !== ''

/** Below it a battery wants to be changed; the gateway tells of it at the same figure (devices/battery.ts). */
export const lowBattery = 20

/** The window over a device, or over its site. */
export const windowOf = (
  windows: readonly MaintenanceView[],
  { site, device }: { site: string; device?: string },
): MaintenanceView | undefined =>
  windows.find(one => one.site === site || (device !== undefined && one.device === device))

/** Whether a window was begun for just this site or device. */
export const isBegun = (
  windows: readonly MaintenanceView[],
  { of, id }: { of: 'site' | 'device'; id: string },
): boolean => windows.some(one => one[of] === id)

function isIn(device: DeviceView, state: State, windows: readonly MaintenanceView[]): boolean {
  if (state === 'gaps') return device.missing > 0
  if (state === 'battery') return device.battery !== null && device.battery < lowBattery
  if (state === 'maintenance') return windowOf(windows, { site: device.site, device: device.id }) !== undefined
  if (state === 'disabled') return device.disabled
  return !device.disabled && device.presence === state
}

export type SiteRow = { site: SiteView; devices: DeviceView[]; shown: DeviceView[] }

/** Sites with what matches: by a site's name all of its devices, by a device's that one. Sites without a match are left out. */
export function rowsOf(
  sites: readonly SiteView[],
  devices: readonly DeviceView[],
  windows: readonly MaintenanceView[],
  filter: SitesFilter,
): SiteRow[] {
  const bySite = Map.groupBy(devices, ({ site }) => site)
  const wanted = filter.find.trim().toLowerCase()
  const holds = (...texts: (string | null)[]) => texts.some(text => text?.toLowerCase().includes(wanted))
  return sites.flatMap(site => {
    if (filter.site !== '' && site.id !== filter.site) return []
    const own = bySite.get(site.id) ?? []
    const isNamed = holds(site.name, site.id, site.address)
    const shown = own.filter(
      device =>
        (filter.kind === '' || device.kind === filter.kind) &&
        (filter.state === '' || isIn(device, filter.state, windows)) &&
        (isNamed || holds(device.name, device.id, device.placement, device.externalId)),
    )
    const isWhole = filter.kind === '' && filter.state === '' && isNamed
    return shown.length > 0 || isWhole ? [{ site, devices: own, shown }] : []
  })
}

/** A site's line: what of its devices matters. */
export function totalsOf(devices: readonly DeviceView[]) {
  const counted = devices.filter(({ disabled }) => !disabled)
  const seen = counted.flatMap(({ lastSeenAt }) => lastSeenAt ?? [])
  const batteries = counted.flatMap(({ battery }) => battery ?? [])
  return {
    counted: counted.length,
    online: counted.filter(({ presence }) => presence === 'online').length,
    lastSeenAt: seen.sort().at(-1) ?? null,
    missing: counted.reduce((sum, { missing }) => sum + missing, 0),
    battery: batteries.length === 0 ? null : Math.min(...batteries),
  }
}
