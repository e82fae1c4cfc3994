import { DevicesPage, DevicesQuery, type DeviceView, type Presence } from '../../schemas/api.ts'
import type { Device } from '../../schemas/registry.ts'
import { iso } from '../clock.ts'
import { refusals } from './problem.ts'
import type { App } from './route.ts'

export type DevicesPort = { devices(): Iterable<Device> }
export type PresencePort = {
  presence(deviceId: string): Presence
  /** Per cent, of its last heartbeat. */
  battery(deviceId: string): number | undefined
  /** How many events its numbers say are missing. */
  missing(deviceId: string): number
  connected(deviceId: string): boolean
  /** Connected with the current one of its secrets. */
  usesCurrentSecret(deviceId: string): boolean
  /** Milliseconds since 1970 of its last sign of life since the gateway started. */
  lastSeenAt(deviceId: string): number | undefined
}

export function addDevices(app: App, ports: { registry: DevicesPort; presence: PresencePort }): void {
  app.get(
    '/devices',
    {
      config: { role: 'viewer' },
      schema: {
        operationId: 'listDevices',
        tags: ['registry'],
        summary: 'The devices of the registry, and whether they are there',
        description: 'All of them, or those of one site, on one page, in the order of the registry file.',
        querystring: DevicesQuery,
        response: { 200: DevicesPage, ...refusals(400, 401, 403) },
      },
    },
    async ({ query }) => ({
      items: Array.from(ports.registry.devices())
        .filter(({ site }) => query.site === undefined || query.site === site)
        .map(device => deviceView(device, ports.presence)),
      cursor: null,
    }),
  )
}

function deviceView(device: Device, presence: PresencePort): DeviceView {
  const lastSeenAt = presence.lastSeenAt(device.id)
  return {
    id: device.id,
    site: device.site,
    kind: device.kind,
    name: device.name ?? device.id,
    placement: device.placement ?? null,
    externalId: device.externalId ?? null,
    connected: presence.connected(device.id),
    presence: presence.presence(device.id),
    lastSeenAt: lastSeenAt === undefined ? null : iso(lastSeenAt),
    battery: presence.battery(device.id) ?? null,
    disabled: device.disabled === true,
    rotation:
      device.previousSecretHash === undefined ? null : presence.usesCurrentSecret(device.id) ? 'done' : 'waiting',
    missing: presence.missing(device.id),
  }
}
