import type { DueDelivery } from '../alarms/delivery.ts'
import { faultMessage } from '../alarms/message.ts'
import type { Clock } from '../clock.ts'
import type { Maintenance, Window } from '../devices/maintenance.ts'
import type { Caller } from './database.ts'
import type { WriteProcedures } from './procedures.ts'

/** What people change through the API, beside alarms, which are the desk's. Each is on disk before it is believed. */
export type CommandsOptions = {
  clock: Clock
  newId: () => string
  maintenance: Maintenance
  endpoints: readonly string[]
  /** `offer`: may be tried at once. `sweep`: something else has become due. */
  deliverer: { offer(due: readonly DueDelivery[]): void; sweep(): void }
}

export function commands(write: Caller<WriteProcedures>, options: CommandsOptions) {
  const { clock, newId, maintenance, endpoints, deliverer } = options
  return {
    maintenance: {
      async begin(window: Window): Promise<void> {
        await write.call('beginMaintenance', window)
        maintenance.begin(window)
      },
      async end(id: string, now: number): Promise<boolean> {
        const ended = await write.call('endMaintenance', { id, now })
        maintenance.end(id, now)
        return ended
      },
      openAt: maintenance.openAt,
    },
    retries: {
      async retry(id: number) {
        const result = await write.call('retryDelivery', { id, now: clock() })
        if (result?.done) deliverer.sweep()
        return result
      },
    },
    endpoints: {
      async test(id: string): Promise<string | undefined> {
        if (!endpoints.includes(id)) return undefined
        const message = `this is a test of endpoint ${id}: nothing is wrong, nobody needs to act`
        const test = faultMessage(newId(), { code: 'endpoint-test', subject: id, message }, clock(), [id])
        deliverer.offer(await write.call('createMessage', test))
        return test.id
      },
    },
  }
}
