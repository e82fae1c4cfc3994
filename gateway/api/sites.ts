import { NoQuery, SitesPage, type SiteView } from '../../schemas/api.ts'
import type { Device, Site } from '../../schemas/registry.ts'
import { refusals } from './problem.ts'
import type { App } from './route.ts'

export type SitesPort = { sites(): Iterable<Site>; devices(): Iterable<Device> }
/** How many alarms of each site are not closed; sites without one may be missing. */
export type OpenAlarmsPort = { openAlarmsBySite(): Promise<Record<string, number>> }

export function addSites(app: App, ports: { registry: SitesPort; alarms: OpenAlarmsPort }): void {
  app.get(
    '/sites',
    {
      config: { role: 'viewer', load: 'disk' },
      schema: {
        operationId: 'listSites',
        tags: ['registry'],
        summary: 'The sites of the registry',
        description: 'All of them on one page, in the order of the registry file.',
        querystring: NoQuery,
        response: { 200: SitesPage, ...refusals(400, 401, 403) },
      },
    },
    async () => {
      const open = await ports.alarms.openAlarmsBySite()
      const devices = new Map<string, number>()
      for (const { site } of ports.registry.devices()) devices.set(site, (devices.get(site) ?? 0) + 1)
      const items = Array.from(ports.registry.sites(), site => siteView(site, devices.get(site.id), open[site.id]))
      return { items, cursor: null }
    },
  )
}

/** Contacts stay out: names and phones belong to an alarm, not to a list that everybody reads. */
const siteView = (site: Site, devices = 0, openAlarms = 0): SiteView => ({
  id: site.id,
  name: site.name,
  kind: site.kind,
  address: site.address ?? null,
  location: site.location ?? null,
  responseMinutes: site.responseMinutes,
  devices,
  openAlarms,
})
