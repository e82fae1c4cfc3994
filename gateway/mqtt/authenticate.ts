import type { ConnectPacket } from 'aedes'
import { topics } from '../../schemas/topics.ts'
import { matchingDigest, type Registry, stillMatches } from '../devices/registry.ts'
import { type Identity, leafOf } from './authorize.ts'

/** CONNACK return codes of MQTT 3.1.1, table 3.1. */
const badCredentials = 4
const notAuthorized = 5

const nobody = { secretDigest: Buffer.alloc(32), previousDigest: undefined }

/** Clean sessions only (design decision 5): a session that is kept holds messages without end for a device that left. */
export function settle(packet: ConnectPacket): void {
  packet.clean = true
}

export type Credentials = {
  clientId: string
  username: string | undefined
  password: Uint8Array | undefined
  willTopic: string | undefined
  /** Of the client certificate that it has shown; undefined without one. */
  certificateName: string | undefined
}
export type Refusal = { returnCode: typeof badCredentials | typeof notAuthorized; why: string }
/** `digest`: of the secret that it gave; a certificate has none. */
export type LoggedIn = { identity: Identity; digest?: Buffer | undefined }
export type Login = LoggedIn | Refusal

export function login(registry: Registry, credentials: Credentials): Login {
  const found = identify(registry, credentials)
  const { willTopic } = credentials
  if ('returnCode' in found || willTopic === undefined || leafOf(found.identity, willTopic) !== undefined) return found
  return { returnCode: notAuthorized, why: "the will's topic is not the device's own" }
}

/**
 * Contract 2: user name = client id = device id, password = the device's secret. Monitors are accounts of the registry. Who
 * shows a certificate is who it names and nobody else, whatever password comes along.
 */
function identify(registry: Registry, { clientId, username, password, certificateName }: Credentials): Login {
  if (certificateName !== undefined) {
    if (username !== undefined && username !== certificateName)
      return { returnCode: notAuthorized, why: "user name is not the certificate's common name" }
    const known = registry.device(certificateName) ?? registry.account(certificateName)
    if (known === undefined) return { returnCode: notAuthorized, why: "unknown certificate's common name" }
    return identityOf(registry, certificateName, clientId)
  }
  if (username === undefined || password === undefined)
    return { returnCode: badCredentials, why: 'no user name or password' }
  const known = registry.device(username) ?? registry.account(username)
  if (known === undefined) {
    // It takes as long as a wrong secret: the time must not tell which devices there are.
    matchingDigest(nobody, password)
    return { returnCode: badCredentials, why: 'unknown user name' }
  }
  const digest = matchingDigest(known, password)
  if (digest === undefined) return { returnCode: badCredentials, why: 'wrong secret' }
  const found = identityOf(registry, username, clientId)
  return 'returnCode' in found ? found : { ...found, digest }
}

/** Of one who has shown to be `id`. A session is taken over by whoever comes with its client id (MQTT-3.1.4-2), so nobody may come with a device's. */
function identityOf(registry: Registry, id: string, clientId: string): Login {
  const device = registry.device(id)
  if (device !== undefined) {
    if (clientId !== id) return { returnCode: notAuthorized, why: 'client id is not the device id' }
    if (device.disabled === true) return { returnCode: notAuthorized, why: 'disabled' }
    const { site } = device
    return { identity: { role: 'device', device: id, site, prefix: topics.prefix({ site, device: id }) } }
  }
  if (registry.device(clientId) !== undefined) return { returnCode: notAuthorized, why: "client id is a device's" }
  if (registry.account(id)?.disabled === true) return { returnCode: notAuthorized, why: 'disabled' }
  return { identity: { role: 'monitor', account: id } }
}

/** Why who is logged in could not do so any more, by the registry that is in force now; undefined: it could, as the same. */
export function endedBy(registry: Registry, { identity, digest }: LoggedIn): string | undefined {
  const known = identity.role === 'device' ? registry.device(identity.device) : registry.account(identity.account)
  if (known === undefined) return 'left the registry'
  if (known.disabled === true) return 'disabled'
  if (identity.role === 'device' && registry.device(identity.device)?.site !== identity.site)
    return 'moved to another site'
  return digest === undefined || stillMatches(known, digest) ? undefined : 'its secret was changed'
}
