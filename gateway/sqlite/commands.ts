import type { DueDelivery } from '../alarms/delivery.ts'
import { faultMessage } from '../alarms/message.ts'
import type { AuditLine } from '../audit/line.ts'
import type { Clock } from '../clock.ts'
import type { Maintenance, Window } from '../devices/maintenance.ts'
import type { Caller } from './database.ts'
import type { WriteProcedures } from './procedures.ts'

/** What people change through the API, beside alarms, which are the desk's. Each is on disk before it is believed. */
export type CommandsOptions = {
  clock: Clock
  newId: () => string
  maintenance: Maintenance
  /** A person's name as the audit log may keep it. */
  pseudonym: (name: string) => string
  endpoints: () => readonly string[]
  /** `offer`: may be tried at once. `sweep`: something else has become due. */
  deliverer: { offer(due: readonly DueDelivery[]): void; sweep(): void }
}

export function commands(write: Caller<WriteProcedures>, options: CommandsOptions) {
  const { clock, newId, maintenance, pseudonym, endpoints, deliverer } = options
  return {
    maintenance: {
      async begin(window: Window, caller: string): Promise<void> {
        const { id, site, device, fromMs, untilMs, by } = window
        const minutes = Math.round((untilMs - fromMs) / 60_000)
        const details = { site, device, minutes, person: pseudonym(by) }
        const line: AuditLine = { at: clock(), by: caller, what: 'maintenance.begun', subject: id, details }
        await write.call('beginMaintenance', { window, line })
        maintenance.begin(window)
      },
      async end(id: string, now: number, caller: string): Promise<boolean> {
        const line: AuditLine = { at: clock(), by: caller, what: 'maintenance.ended', subject: id, details: {} }
        const ended = await write.call('endMaintenance', { id, now, line })
        maintenance.end(id, now)
        return ended
      },
      openAt: maintenance.openAt,
    },
    retries: {
      async retry(id: number, caller: string) {
        const now = clock()
        const line: AuditLine = { at: now, by: caller, what: 'delivery.retried', subject: String(id), details: {} }
        const result = await write.call('retryDelivery', { id, now, line })
        if (result?.done) deliverer.sweep()
        return result
      },
    },
    endpoints: {
      async test(id: string, caller: string): Promise<string | undefined> {
        if (!endpoints().includes(id)) return undefined
        const message = `this is a test of endpoint ${id}: nothing is wrong, nobody needs to act`
        const test = faultMessage(newId(), { code: 'endpoint-test', subject: id, message }, clock(), [id])
        const details = { message: test.id }
        const line: AuditLine = { at: clock(), by: caller, what: 'endpoint.tested', subject: id, details }
        deliverer.offer(await write.call('testEndpoint', { message: test, line }))
        return test.id
      },
    },
  }
}
