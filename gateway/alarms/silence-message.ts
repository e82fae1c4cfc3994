import type { DeviceReport, SiteReport } from '../../schemas/webhook.ts'
import { iso } from '../clock.ts'
import type { Registry } from '../devices/registry.ts'
import type { Report } from '../devices/supervision.ts'
import { type Message, newMessage } from './message.ts'

/** Contract 5: the whole body stays under 20 kB; so many ids of 64 characters are a third of it. */
const maxListed = 100

/**
 * `device.silent` and `device.recovered`, about a device or about a site of which many were lost at once. What is watched stands
 * in the registry.
 */
export function silenceMessage(
  id: string,
  report: Report,
  registry: Pick<Registry, 'site' | 'device'>,
  now: number,
  endpoints: string[],
): Message {
  const type = `device.${report.what}` as const
  return report.of === 'site'
    ? newMessage(id, type, report.site, now, { site: siteReport(report, registry) }, endpoints)
    : newMessage(id, type, report.device, now, { device: deviceReport(report, registry) }, endpoints)
}

function siteReport(
  { site, devices, flapping }: Extract<Report, { of: 'site' }>,
  registry: Pick<Registry, 'site'>,
): SiteReport {
  const { id, name, kind } = registry.site(site)!
  return { id, name, kind, deviceCount: devices.length, devices: devices.slice(0, maxListed), flapping }
}

function deviceReport(
  { device, lastSeenAt, flapping }: Extract<Report, { of: 'device' }>,
  registry: Pick<Registry, 'device'>,
): DeviceReport {
  const { id, name, kind, placement, site } = registry.device(device)!
  return {
    id,
    name: name ?? id,
    kind,
    placement: placement ?? null,
    site,
    lastSeenAt: lastSeenAt === null ? null : iso(lastSeenAt),
    flapping,
  }
}
