import { createHash, randomBytes } from 'node:crypto'
import { type Device, RegistryFile, type Site, type SiteKind, siteKinds } from '../schemas/registry.ts'
import {
  centre,
  contactRoles,
  deviceWords,
  fittings,
  gbIndustry,
  responseClasses,
  siteNames,
  streets,
  surnames,
} from './places.ts'
import { createRandom, type Random } from './random.ts'

/** What the simulator must know and the gateway must not: the secrets in clear, by device and account id. */
export type Secrets = { devices: Record<string, string>; accounts: Record<string, string> }

/** 256 random bits, never from the seed: a secret that can be made again is none. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

export const secretHash = (secret: string): string => `sha256:${createHash('sha256').update(secret).digest('hex')}`

/** The environment variable that the gateway reads the endpoint's signing secret from. */
export const dispatchSecretVariable = 'COMMAND_CENTRE_SECRET'

const twoDigits = (n: number): string => String(n).padStart(2, '0')
const degrees = (middle: number, spread: number, random: Random): number =>
  Number((middle + (random.next() * 2 - 1) * spread).toFixed(5))

function makeSite(kind: SiteKind, index: number, name: string, seed: string): Site {
  const id = `${kind}-${twoDigits(index + 1)}`
  const random = createRandom(seed, 'site', id)
  return {
    id,
    name,
    kind,
    address: `示范区${
      // A checkpoint is named after where it stands.
      kind === 'checkpoint' ? name.replace('卡口', '') : `${random.pick(streets)}${random.int(1, 199)}号`
    }`,
    location: {
      lat: degrees(centre.lat, centre.latSpread, random),
      lon: degrees(centre.lon, centre.lonSpread, random),
      crs: 'wgs84',
    },
    responseMinutes: Number(random.weighted(responseClasses[kind])) as 1 | 3 | 5,
    contacts: contactRoles[kind].map(role => ({
      name: `${role} ${random.pick(surnames)}某`,
      phone: `0351-555${String(random.int(0, 9999)).padStart(4, '0')}`,
    })),
  }
}

type Unkeyed = Omit<Device, 'secret' | 'secretHash'>

function devicesOf(site: Site, index: number): Unkeyed[] {
  const counts = new Map<string, number>()
  return fittings[site.kind]
    .filter(({ every = 1 }) => index % every === 0)
    .map(({ kind, placement }) => {
      const words = deviceWords[kind]
      const count = (counts.get(words.id) ?? 0) + 1
      counts.set(words.id, count)
      return {
        id: `${site.id}-${words.id}-${twoDigits(count)}`,
        site: site.id,
        kind,
        name: `${placement}${words.name}`,
        placement,
      }
    })
}

/** Centre code, industry, type, network, serial number: the 20 digits of GB/T 28181. */
const externalId = (device: Unkeyed, kind: SiteKind, serial: number): string =>
  `14010900${gbIndustry[kind]}${deviceWords[device.kind].gbType}0${String(serial).padStart(6, '0')}`

/**
 * 25 schools and kindergartens, 11 compounds, 4 checkpoints and their devices. The same seed gives the same sites and
 * devices; the secrets differ every time. `dispatchUrl` adds the endpoint `command-centre`.
 */
export function makeRegistry(options: { seed: string; dispatchUrl?: string | undefined }): {
  file: RegistryFile
  secrets: Secrets
} {
  const secrets: Secrets = { devices: {}, accounts: { engineer: newSecret() } }
  const sites: Site[] = []
  const devices: Device[] = []
  for (const kind of siteKinds) {
    for (const [index, name] of siteNames[kind].entries()) {
      const site = makeSite(kind, index, name, options.seed)
      sites.push(site)
      for (const device of devicesOf(site, index)) {
        const secret = newSecret()
        secrets.devices[device.id] = secret
        devices.push({
          ...device,
          externalId: externalId(device, kind, devices.length + 1),
          secretHash: secretHash(secret),
        })
      }
    }
  }
  const endpoints =
    options.dispatchUrl === undefined
      ? []
      : [{ id: 'command-centre', url: options.dispatchUrl, secretEnv: dispatchSecretVariable, level: 0 }]
  const accounts = [
    { id: 'engineer', role: 'monitor' as const, secretHash: secretHash(secrets.accounts.engineer as string) },
  ]
  return { file: RegistryFile.parse({ version: 1, sites, devices, endpoints, accounts }), secrets }
}
