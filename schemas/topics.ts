import { type EventKind, eventSchemas, type Kind } from './events/kinds.ts'
import { idPattern } from './ids.ts'

/** Topics of contract 2. The topic names site, device and kind; the payload never repeats them. */
export const topicRoot = 'gh/v1'

export type DeviceAddress = { site: string; device: string }

const prefix = ({ site, device }: DeviceAddress) => `${topicRoot}/${site}/${device}`
export const topics = {
  prefix,
  event: (address: DeviceAddress, kind: EventKind) => `${prefix(address)}/event/${kind}`,
  heartbeat: (address: DeviceAddress) => `${prefix(address)}/heartbeat`,
  status: (address: DeviceAddress) => `${prefix(address)}/status`,
  ack: (address: DeviceAddress) => `${prefix(address)}/ack`,
  indicate: (address: DeviceAddress) => `${prefix(address)}/command/indicate`,
  commands: (address: DeviceAddress) => `${prefix(address)}/command/#`,
}

/** What stands behind a device's prefix: a kind it may publish, or undefined for any other leaf. */
export function kindOfLeaf(leaf: string): Kind | undefined {
  if (leaf === 'heartbeat' || leaf === 'status') return leaf
  if (!leaf.startsWith('event/')) return undefined
  const kind = leaf.slice('event/'.length)
  return Object.hasOwn(eventSchemas, kind) ? (kind as EventKind) : undefined
}

/** Splits `gh/v1/{site}/{device}/{leaf…}`; undefined when the topic is not of that form. */
export function parseTopic(topic: string): (DeviceAddress & { leaf: string }) | undefined {
  const [gh, version, site, device, ...leaf] = topic.split('/')
  if (`${gh}/${version}` !== topicRoot || site === undefined || device === undefined || leaf.length === 0)
    return undefined
  if (!idPattern.test(site) || !idPattern.test(device)) return undefined
  return { site, device, leaf: leaf.join('/') }
}
