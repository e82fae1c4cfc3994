import type { Alarm } from '../../../../schemas/alarm.ts'
import type { DeviceView } from '../../../../schemas/api.ts'
import { bySite, presenceOf, type SitePresence } from './presence.ts'

/** How a site stands on the map and in the list of sites: an alarm outweighs everything, a drill's is marked as one. */
export type SiteLook = { state: SitePresence | 'alarm'; mode: Alarm['mode'] }

const gravity = ['test', 'drill', 'actual'] as const

export function looksOf(devices: readonly DeviceView[], open: readonly Alarm[]): (site: string) => SiteLook {
  const groups = bySite(devices)
  const alarms = Map.groupBy(open, ({ site }) => site.id)
  return site => {
    const here = alarms.get(site)
    if (here === undefined) return { state: presenceOf(groups.get(site) ?? []), mode: 'actual' }
    const grave = Math.max(...here.map(({ mode }) => gravity.indexOf(mode)))
    return { state: 'alarm', mode: gravity[grave] ?? 'actual' }
  }
}
