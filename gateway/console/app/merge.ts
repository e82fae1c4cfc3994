import type { Alarm, Stage } from '../../../schemas/alarm.ts'
import type { DeviceView, Presence } from '../../../schemas/api.ts'

const stageOrder: readonly Stage[] = ['raised', 'delivered', 'acknowledged', 'dispatched', 'arrived', 'closed']

/** Of two states of one alarm, heard on two ways, the later: stages go forward only, and each change is a line. */
export function newer(known: Alarm | undefined, heard: Alarm): Alarm {
  if (known === undefined) return heard
  const progress = ({ stage }: Alarm) => stageOrder.indexOf(stage)
  if (progress(known) !== progress(heard)) return progress(known) > progress(heard) ? known : heard
  const last = ({ history }: Alarm) => Math.max(...history.map(({ at }) => Date.parse(at)))
  if (last(known) !== last(heard)) return last(known) > last(heard) ? known : heard
  return known.history.length > heard.history.length ? known : heard
}

/** The list with one device's presence changed; the list itself where it is there as said. */
export function withPresence(
  devices: readonly DeviceView[],
  { device, presence }: { device: string; presence: Presence },
): readonly DeviceView[] {
  const at = devices.findIndex(({ id }) => id === device)
  const known = devices[at]
  return known === undefined || known.presence === presence ? devices : devices.with(at, { ...known, presence })
}
