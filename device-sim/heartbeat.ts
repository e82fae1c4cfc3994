import type { Payload } from '../schemas/events/kinds.ts'
import type { DeviceKind } from '../schemas/registry.ts'
import type { Random } from './random.ts'

/** The classes of supervision: how often a device shows that it lives (the gateway waits for three). */
const intervalS: Readonly<Record<DeviceKind, number>> = {
  'panic-button': 30,
  'access-controller': 60,
  'face-checkpoint': 60,
  'vehicle-checkpoint': 90,
  sensor: 90,
}

/** A faster week must not make a heartbeat storm, a slower one must not make devices silent. */
const fastestMs = 5000

export const heartbeatIntervalMs = (kind: DeviceKind, speed: number): number => {
  const realMs = intervalS[kind] * 1000
  return Math.min(Math.max(realMs / speed, fastestMs), realMs)
}

export const heartbeatOf = (kind: DeviceKind, uptimeMs: number, random: Random): Payload<'heartbeat'> => ({
  uptimeS: Math.round(uptimeMs / 1000),
  ...(kind === 'panic-button' || kind === 'sensor' ? { battery: random.int(70, 100) } : {}),
  rssi: random.int(-78, -45),
  firmware: 'sim-1',
})
