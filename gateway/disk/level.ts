/**
 * What the disk has room for. Alarms last longer than telemetry: when it is nearly full what nobody's life hangs on waits, so
 * that what is left is there for alarms.
 *
 * - `roomy`: everything is taken.
 * - `tight`: access, face, vehicle, telemetry and rejections wait without a PUBACK. Alarms go on, and so do heartbeats and
 *   statuses: a button with one publish in flight must not have its press behind a heartbeat that waits.
 * - `full`: a commit found no room. Only alarms are taken, from the reserve.
 */
export type Level = 'roomy' | 'tight' | 'full'

/** What is kept for alarms, of a disk of `totalBytes`: a small one must not be kept for nothing else. */
export const floorBytes = (totalBytes: number): number => Math.min(64 * MiB, Math.floor(totalBytes / 16))
export const reserveBytes = (totalBytes: number): number => Math.min(4 * MiB, Math.floor(totalBytes / 128))

/** `before`: the level so far. It takes more room to become roomy than to stay it, so that it doesn't come and go. */
export function levelOf(before: Level, freeBytes: number, totalBytes: number, foundNoRoom: boolean): Level {
  const floor = floorBytes(totalBytes)
  if (foundNoRoom) return 'full'
  if (before === 'full')
    return freeBytes > reserveBytes(totalBytes) * 2 ? levelOf('tight', freeBytes, totalBytes, false) : 'full'
  return freeBytes < (before === 'roomy' ? floor : 1.25 * floor) ? 'tight' : 'roomy'
}

export const isTaken = (level: Level, kind: string | undefined): boolean =>
  level === 'roomy' || kind === 'alarm' || (level === 'tight' && (kind === 'heartbeat' || kind === 'status'))

const MiB = 1024 * 1024
