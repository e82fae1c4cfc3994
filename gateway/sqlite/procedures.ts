import type { DatabaseSync } from 'node:sqlite'
import { alarmProcedures, alarmReader } from './alarms.ts'
import { deliveryProcedures, deliveryReader } from './deliveries.ts'
import { journalProcedures } from './journal.ts'
import { journalReader } from './journal-reader.ts'
import { maintenanceProcedures, maintenanceReader } from './maintenance.ts'
import { findDamage } from './open.ts'
import { responseReader } from './responses.ts'
import { rejectionReader, statsReader } from './stats.ts'
import { toldReader } from './told.ts'

/** All that a thread can be asked for, by name. There is no generic SQL: what isn't here can't be run. */
export function writeProcedures(db: DatabaseSync) {
  const journal = journalProcedures(db)
  const deliveries = deliveryProcedures(db)
  const maintenance = maintenanceProcedures(db)
  const alarms = alarmProcedures(db, deliveries, journal.advance)
  return {
    reset: journal.reset,
    settleIds: journal.settleIds,
    procedures: {
      append: journal.append,
      advance: journal.advance,
      enroll: journal.enroll,
      retainJournal: journal.retain,
      commitDesk: alarms.commit,
      createMessage: deliveries.create,
      deliveryFailed: deliveries.failed,
      retryDelivery: deliveries.retry,
      beginMaintenance: maintenance.begin,
      endMaintenance: maintenance.end,
      cancelUnknown: deliveries.cancelUnknown,
      retainDeliveries: deliveries.retain,
    },
  }
}
export type WriteProcedures = ReturnType<typeof writeProcedures>['procedures']

export function readProcedures(db: DatabaseSync) {
  const journal = journalReader(db)
  const deliveries = deliveryReader(db)
  const alarms = alarmReader(db)
  const responses = responseReader(db)
  const stats = statsReader(db)
  const told = toldReader(db)
  return {
    cursor: journal.cursor,
    readAlarms: ({ after, limit, window }: { after: number; limit: number; window: number }) =>
      journal.readAlarms(after, limit, window),
    events: (query: Parameters<typeof journal.events>[0]) => journal.events(query),
    due: deliveries.due,
    deliveries: deliveries.deliveries,
    alarm: alarms.alarm,
    alarms: alarms.alarms,
    openAlarms: alarms.openAlarms,
    openAlarmsBySite: alarms.openAlarmsBySite,
    responseReport: responses.report,
    receipt: responses.receipt,
    maintenance: maintenanceReader(db),
    toldSilent: told.silent,
    toldFaults: told.faults,
    testAlarms: told.testAlarms,
    rejections: rejectionReader(db),
    stats: (consumers: string[]) => stats(consumers, alarms.alarmCounts, deliveries.deliveryCounts),
  }
}
export function keeperProcedures(db: DatabaseSync) {
  const checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  return {
    findDamage: () => findDamage(db),
    checkpoint: (): void => void checkpoint.get(),
  }
}
export type KeeperProcedures = ReturnType<typeof keeperProcedures>
export type ReadProcedures = ReturnType<typeof readProcedures>
