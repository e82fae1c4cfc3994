import type { NamedTarget } from '../alarms/targets.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Caller } from '../sqlite/database.ts'
import type { WriteProcedures } from '../sqlite/procedures.ts'
import type { Deliverer } from '../webhook/deliver.ts'
import { cancelUnknown } from './housekeeping.ts'

/** Other endpoints are in force: what waits for those that left is cancelled, and for those that changed tried now. */
export async function readdress(
  { before, targets }: { before: readonly NamedTarget[]; targets: readonly NamedTarget[] },
  options: { write: Caller<WriteProcedures>; clock: Clock; log: Log; deliverer: Pick<Deliverer, 'sweep'> },
): Promise<void> {
  const { write, clock, log, deliverer } = options
  await cancelUnknown(write, targets, log)
  const old = new Map(before.map(target => [target.id, target]))
  const changed = targets.filter(({ id, url, secret }) => {
    const was = old.get(id)
    return was !== undefined && (was.url !== url || was.secret !== secret)
  })
  if (changed.length === 0) return
  await write.call('hastenDeliveries', { endpoints: changed.map(({ id }) => id), now: clock() })
  deliverer.sweep()
}
