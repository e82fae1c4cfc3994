import type { ConnectPacket } from 'aedes'
import { topics } from '../../schemas/topics.ts'
import { type Registry, secretMatches } from '../devices/registry.ts'
import { type Identity, leafOf } from './authorize.ts'

/** CONNACK return codes of MQTT 3.1.1, table 3.1. */
const badCredentials = 4
const notAuthorized = 5

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
export type Login = { identity: Identity } | Refusal

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
  if (known === undefined) return { returnCode: badCredentials, why: 'unknown user name' }
  if (!secretMatches(known, password)) return { returnCode: badCredentials, why: 'wrong secret' }
  return identityOf(registry, username, clientId)
}

/** Of one who has shown to be `id`. A session is taken over by whoever comes with its client id (MQTT-3.1.4-2), so nobody may come with a device's. */
function identityOf(registry: Registry, id: string, clientId: string): Login {
  const device = registry.device(id)
  if (device !== undefined) {
    if (clientId !== id) return { returnCode: notAuthorized, why: 'client id is not the device id' }
    const { site } = device
    return { identity: { role: 'device', device: id, site, prefix: topics.prefix({ site, device: id }) } }
  }
  if (registry.device(clientId) !== undefined) return { returnCode: notAuthorized, why: "client id is a device's" }
  return { identity: { role: 'monitor', account: id } }
}
