import type { ConnectPacket } from 'aedes'
import { topics } from '../../schemas/topics.ts'
import { type Registry, secretMatches } from '../devices/registry.ts'
import { type Identity, leafOf } from './authorize.ts'

/** CONNACK return codes of MQTT 3.1.1, table 3.1. */
const badCredentials = 4
const notAuthorized = 5

/** A device that asks for no keepalive, or for a longer one, still gets an end: a half-open connection must not stay. */
const maxKeepaliveS = 600

/** Puts the gateway's rules above what a CONNECT asks for. Returns why it can't be taken at all, or undefined. */
export function settle(packet: ConnectPacket): string | undefined {
  // Clean sessions only (design decision 5): a session that is kept holds messages without end for a device that left.
  packet.clean = true
  const asked = packet.keepalive ?? 0
  packet.keepalive = asked === 0 ? maxKeepaliveS : Math.min(asked, maxKeepaliveS)
  // aedes takes a will of QoS 3, and later disconnects every subscriber that it reaches.
  return Number(packet.will?.qos ?? 0) > 2 ? 'will of QoS 3' : undefined
}

export type Credentials = {
  clientId: string
  username: string | undefined
  password: Uint8Array | undefined
  willTopic: string | undefined
}
export type Refusal = { returnCode: typeof badCredentials | typeof notAuthorized; why: string }
export type Login = { identity: Identity } | Refusal

export function login(registry: Registry, credentials: Credentials): Login {
  const found = identify(registry, credentials)
  const { willTopic } = credentials
  if ('returnCode' in found || willTopic === undefined || leafOf(found.identity, willTopic) !== undefined) return found
  return { returnCode: notAuthorized, why: "the will's topic is not the device's own" }
}

/** Contract 2: user name = client id = device id, password = the device's secret. Monitors are accounts of the registry. */
function identify(registry: Registry, { clientId, username, password }: Credentials): Login {
  if (username === undefined || password === undefined)
    return { returnCode: badCredentials, why: 'no user name or password' }
  const device = registry.device(username)
  if (device !== undefined) {
    if (!secretMatches(device, password)) return { returnCode: badCredentials, why: 'wrong secret' }
    if (clientId !== username) return { returnCode: notAuthorized, why: 'client id is not the device id' }
    const { id, site } = device
    return { identity: { role: 'device', device: id, site, prefix: topics.prefix({ site, device: id }) } }
  }
  const account = registry.account(username)
  if (account === undefined) return { returnCode: badCredentials, why: 'unknown user name' }
  if (!secretMatches(account, password)) return { returnCode: badCredentials, why: 'wrong secret' }
  // A session is taken over by whoever comes with its client id (MQTT-3.1.4-2); a monitor must not end a device's.
  if (registry.device(clientId) !== undefined) return { returnCode: notAuthorized, why: "client id is a device's" }
  return { identity: { role: 'monitor', account: account.id } }
}
