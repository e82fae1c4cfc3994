import type { DeviceKind } from '../../schemas/registry.ts'

/** How often a device of each kind shows that it lives (domain.md: EN 50136, DP4 90 s and SP4 3 min). */
export const heartbeatMs: Record<DeviceKind, number> = {
  'panic-button': 30_000,
  'access-controller': 60_000,
  'face-checkpoint': 60_000,
  'vehicle-checkpoint': 90_000,
  sensor: 90_000,
}

/** Three missed are lost: 90, 180, 270 s. */
export const silentAfterMs = (kind: DeviceKind): number => 3 * heartbeatMs[kind]

/** A heartbeat that comes so much after its time is still in time. */
export const graceMs = 5_000
