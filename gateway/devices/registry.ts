import { createHash, timingSafeEqual } from 'node:crypto'
import type { Account, DeadlineRule, Device, Endpoint, RegistryFile, Site } from '../../schemas/registry.ts'

/** Who may connect, what it is, where it hangs, who is told. Immutable: a reload makes a new one. */
export class Registry {
  readonly #sites: ReadonlyMap<string, Site>
  readonly #devices: ReadonlyMap<string, KnownDevice>
  readonly #accounts: ReadonlyMap<string, Account & Credentials>
  readonly endpoints: readonly Endpoint[]
  readonly deadlines: readonly DeadlineRule[]

  constructor(file: RegistryFile) {
    this.#sites = new Map(file.sites.map(site => [site.id, site]))
    this.#devices = new Map(
      file.devices.map(device => [
        device.id,
        // A device whose site is missing is refused by readRegistry before it comes here.
        { ...device, secretDigest: digestOf(device), siteKind: this.#sites.get(device.site)!.kind },
      ]),
    )
    this.#accounts = new Map(
      file.accounts.map(account => [account.id, { ...account, secretDigest: digestOf(account) }]),
    )
    this.endpoints = file.endpoints
    this.deadlines = file.deadlines ?? []
  }

  site = (id: string): Site | undefined => this.#sites.get(id)
  device = (id: string): KnownDevice | undefined => this.#devices.get(id)
  account = (id: string): (Account & Credentials) | undefined => this.#accounts.get(id)
  sites = (): Iterable<Site> => this.#sites.values()
  devices = (): Iterable<KnownDevice> => this.#devices.values()
}

type Credentials = { secretDigest: Buffer }
export type KnownDevice = Device & Credentials & { siteKind: Site['kind'] }

const digestOf = (entry: { secret?: string | undefined; secretHash?: string | undefined }): Buffer =>
  entry.secretHash === undefined
    ? sha256(entry.secret ?? '')
    : Buffer.from(entry.secretHash.slice('sha256:'.length), 'hex')

const sha256 = (secret: string | Uint8Array): Buffer => createHash('sha256').update(secret).digest()

/** Constant-time over digests of equal length, so neither the secret's length nor its beginning shows in the time. */
export const secretMatches = (known: Credentials, given: Uint8Array): boolean =>
  timingSafeEqual(known.secretDigest, sha256(given))
