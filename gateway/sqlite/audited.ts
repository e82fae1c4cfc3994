import type { DueDelivery } from '../alarms/delivery.ts'
import type { Message } from '../alarms/message.ts'
import type { AuditLine } from '../audit/line.ts'
import type { Window } from '../devices/maintenance.ts'
import type { deliveryProcedures } from './deliveries.ts'
import type { maintenanceProcedures } from './maintenance.ts'

/** What people change, each with its line of the audit log in the same transaction; where nothing was changed, without one. */
export function auditedProcedures(
  audit: (lines: readonly AuditLine[]) => void,
  maintenance: ReturnType<typeof maintenanceProcedures>,
  deliveries: ReturnType<typeof deliveryProcedures>,
) {
  return {
    beginMaintenance({ window, line }: { window: Window; line: AuditLine }): void {
      maintenance.begin(window)
      audit([line])
    },
    endMaintenance({ line, ...ending }: { id: string; now: number; line: AuditLine }): boolean {
      const ended = maintenance.end(ending)
      if (ended) audit([line])
      return ended
    },
    retryDelivery({ line, ...retry }: { id: number; now: number; line: AuditLine }) {
      const result = deliveries.retry(retry)
      if (result?.done) audit([line])
      return result
    },
    testEndpoint({ message, line }: { message: Message; line: AuditLine }): DueDelivery[] {
      audit([line])
      return deliveries.create(message)
    },
  }
}
