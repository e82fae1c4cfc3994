import { topics } from '../../schemas/topics.ts'
import { type Registry, secretMatches } from '../devices/registry.ts'
import type { Identity } from './authorize.ts'

/** CONNACK return codes of MQTT 3.1.1, table 3.1. */
export const identifierRejected = 2
export const badCredentials = 4
export const notAuthorized = 5

export type Login = { identity: Identity } | { returnCode: typeof badCredentials | typeof notAuthorized; why: string }

/** Contract 2: user name = client id = device id, password = the device's secret. Monitors are accounts of the registry. */
export function login(
  registry: Registry,
  clientId: string,
  username: string | undefined,
  password: Uint8Array | undefined,
): Login {
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
