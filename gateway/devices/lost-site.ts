import type { DeviceKind } from '../../schemas/registry.ts'
import { graceMs, heartbeatMs } from './rhythm.ts'

/**
 * A power cut takes a whole site at once, and its devices become silent one by one over the next minutes as their own times run
 * out. It has to show at the first of them. What tells: the first missed its next heartbeat, so the cut was before that, and a
 * site that lives has been heard since. Devices of slower kinds that were not due yet say nothing either way.
 */
export type Quiet = {
  kind: DeviceKind
  /** Its last sign of life, or from when on one was expected, ms. */
  quietFrom: number
  /** It said so, its will did, or it was never heard: no heartbeat needs to be missed. */
  isKnownGone: boolean
}

/** Below this nothing is folded: of two devices each is told of. */
export const minFold = 3
/** So many at once have one cause, however large the rest of the site is. */
const many = 10

/** `devices`: those lost at once. `cutBy`: whoever wasn't heard after that, and turns out to be silent, belongs to them. */
export type Loss<Device> = { devices: Device[]; cutBy: number }

/** `first` became silent at `now`; `site`: it and all others of its site that were not told of. undefined: it is alone. */
export function lossOf<Device extends Quiet>(
  first: Device,
  site: readonly Device[],
  now: number,
): Loss<Device> | undefined {
  const cutBy = first.quietFrom + heartbeatMs[first.kind] + graceMs
  const isGone = ({ isKnownGone, quietFrom, kind }: Quiet) =>
    isKnownGone || now - quietFrom > heartbeatMs[kind] + graceMs
  const gone = site.filter(isGone)
  const alive = site.filter(device => !isGone(device) && device.quietFrom > cutBy)
  const devices = foldOf(gone, alive.length, site, now)
  // Only where all are named does it reach as far as the last of them was heard: else somebody who lives might be counted in.
  return (
    devices && {
      devices,
      cutBy: devices.length === site.length ? Math.max(cutBy, ...devices.map(({ quietFrom }) => quietFrom)) : cutBy,
    }
  )
}

function foldOf<Device extends Quiet>(
  gone: Device[],
  alive: number,
  site: readonly Device[],
  now: number,
): Device[] | undefined {
  if (site.length < minFold) return undefined
  // Who wasn't due yet is named only where there is no doubt: nobody who lives is told of.
  if (alive === 0 && gone.length >= many) return [...site]
  if (gone.length >= (alive === 0 ? 2 : Math.max(minFold, alive))) return gone
  const certain = gone.filter(
    ({ isKnownGone, quietFrom, kind }) => isKnownGone || now - quietFrom >= 2 * heartbeatMs[kind],
  )
  return certain.length >= many ? certain : undefined
}
