import type { Clock } from '../../gateway/clock.ts'
import type { Maintenance, Window } from '../../gateway/devices/maintenance.ts'
import { type Erased, erase } from '../../gateway/journal/erasing.ts'
import type { Journal } from '../../gateway/journal/journal.ts'
import type { Masking } from '../../gateway/journal/versions.ts'
import { silentLog as log } from '../../gateway/log.ts'
import { commands } from '../../gateway/sqlite/commands.ts'
import type { Database } from '../../gateway/sqlite/database.ts'
import { eraseStore } from '../../gateway/sqlite/erase-store.ts'
import { type createAlarming, deliveryTargets } from '../../gateway/wiring/alarming.ts'
import { readdress } from '../../gateway/wiring/readdressing.ts'
import { createReplay } from '../../gateway/wiring/replaying.ts'
import type { ReplayResult } from '../../schemas/api.ts'
import type { World } from './world.ts'

/** What else people do to a gateway, beside answering alarms: by the gateway's own parts, as wiring/serving.ts joins them. */
export type Office = {
  begin(window: Window): Promise<void>
  end(id: string): Promise<boolean>
  retry(delivery: number): Promise<boolean>
  /** The message's id. */
  test(endpoint: string): Promise<string | undefined>
  replay(seq: number): Promise<ReplayResult | { impossible: string } | undefined>
  erase(ref: string): Promise<Erased>
  /** An endpoint has moved: it is told at its new address from now on, and what waits for it is due. */
  readdress(endpoint: string): Promise<void>
}

const by = 'office'

export function createOffice(options: {
  database: Database
  world: World
  alarming: Awaited<ReturnType<typeof createAlarming>>
  maintenance: Maintenance
  masking: Masking
  journal: Journal
  clock: Clock
}): Office {
  const { database, world, alarming, maintenance, masking, journal, clock } = options
  const { lists, write } = database
  const { inForce, newId, retentionMs } = world
  const { deliverer } = alarming
  const { pseudonym } = masking.current
  const made = commands(write, { clock, newId, maintenance, pseudonym, endpoints: inForce.endpointIds, deliverer })
  const replaying = createReplay({ read: lists, write, journal, registry: () => inForce.registry, clock, retentionMs })
  return {
    begin: window => made.maintenance.begin(window, by),
    end: id => made.maintenance.end(id, clock(), by),
    retry: async delivery => (await made.retries.retry(delivery, by))?.done === true,
    test: endpoint => made.endpoints.test(endpoint, by),
    replay: seq => replaying.replay(seq, by),
    erase: ref => erase(eraseStore(database), masking, { subject: { ref }, reason: 'asked', caller: by }, clock),
    async readdress(endpoint) {
      const before = inForce.targets
      const targets = before.map(target =>
        target.id === endpoint ? { ...target, url: `${target.url}again/` } : target,
      )
      inForce.replace({ registry: inForce.registry, targets })
      deliverer.retarget(deliveryTargets(targets))
      await readdress({ before, targets }, { write, clock, log, deliverer })
    },
  }
}
