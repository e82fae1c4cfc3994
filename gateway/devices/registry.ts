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
        { ...device, ...credentialsOf(device), siteKind: this.#sites.get(device.site)!.kind },
      ]),
    )
    this.#accounts = new Map(file.accounts.map(account => [account.id, { ...account, ...credentialsOf(account) }]))
    this.endpoints = file.endpoints
    this.deadlines = file.deadlines ?? []
  }

  site = (id: string): Site | undefined => this.#sites.get(id)
  device = (id: string): KnownDevice | undefined => this.#devices.get(id)
  account = (id: string): (Account & Credentials) | undefined => this.#accounts.get(id)
  sites = (): Iterable<Site> => this.#sites.values()
  devices = (): Iterable<KnownDevice> => this.#devices.values()
  accounts = (): Iterable<Account & Credentials> => this.#accounts.values()
  /** Whose silence is told of. */
  watched = (): KnownDevice[] => [...this.#devices.values()].filter(({ disabled }) => disabled !== true)
}

type Credentials = {
  secretDigest: Buffer
  /** While its secret is rotated: the one before, which counts too. */
  previousDigest: Buffer | undefined
}
export type KnownDevice = Device & Credentials & { siteKind: Site['kind'] }

function credentialsOf(entry: Device | Account): Credentials {
  const { secret, secretHash, previousSecretHash } = entry
  return {
    secretDigest: secretHash === undefined ? sha256(secret ?? '') : digestIn(secretHash),
    previousDigest: previousSecretHash === undefined ? undefined : digestIn(previousSecretHash),
  }
}

const digestIn = (hash: string): Buffer => Buffer.from(hash.slice('sha256:'.length), 'hex')
const sha256 = (secret: string | Uint8Array): Buffer => createHash('sha256').update(secret).digest()

/**
 * The digest that the given secret matches, or undefined. Constant-time over digests of equal length, and both are always
 * looked at: neither the secret's length nor its beginning shows in the time.
 */
export function matchingDigest(known: Credentials, given: Uint8Array): Buffer | undefined {
  const digest = sha256(given)
  const isCurrent = timingSafeEqual(known.secretDigest, digest)
  const isPrevious = timingSafeEqual(known.previousDigest ?? known.secretDigest, digest)
  return isCurrent ? known.secretDigest : isPrevious ? known.previousDigest : undefined
}

export const secretMatches = (known: Credentials, given: Uint8Array): boolean =>
  matchingDigest(known, given) !== undefined

/** Whether who logged in with this digest could do so again. */
export const stillMatches = (known: Credentials, digest: Buffer): boolean =>
  known.secretDigest.equals(digest) || known.previousDigest?.equals(digest) === true
