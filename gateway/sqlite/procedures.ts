import type { DatabaseSync } from 'node:sqlite'
import type { AuditLine } from '../audit/line.ts'
import type { Version } from '../journal/versions.ts'
import { alarmProcedures, alarmReader } from './alarms.ts'
import { auditProcedures, auditReader, versionProcedures } from './audit.ts'
import { auditedProcedures } from './audited.ts'
import { conditionReader } from './condition.ts'
import { deliveryProcedures, deliveryReader } from './deliveries.ts'
import { emptyLog, eraseProcedures, eraseReader, securely } from './erase.ts'
import { followProcedure } from './follow.ts'
import { histogramReader } from './histogram.ts'
import { journalProcedures } from './journal.ts'
import { journalReader } from './journal-reader.ts'
import { maintenanceProcedures, maintenanceReader } from './maintenance.ts'
import { busyTimeoutMs, findDamage } from './open.ts'
import { rejectedReader, replayProcedures } from './replay.ts'
import { responseReader } from './responses.ts'
import { lagReader, rejectionReader, statsReader } from './stats.ts'
import { toldReader } from './told.ts'

/** All that a thread can be asked for, by name. There is no generic SQL: what isn't here can't be run. */
export function writeProcedures(db: DatabaseSync, idsMovedAtOnce?: number) {
  const journal = journalProcedures(db, idsMovedAtOnce)
  const deliveries = deliveryProcedures(db)
  const maintenance = maintenanceProcedures(db)
  const audit = auditProcedures(db)
  const audited = auditedProcedures(audit.add, maintenance, deliveries)
  const clockMoved = (byMs: number) => {
    deliveries.clockMoved(byMs)
    maintenance.clockMoved(byMs)
  }
  const alarms = alarmProcedures(db, deliveries, journal.advance, audit.add, clockMoved)
  const following = followProcedure(db, alarms.commit)
  const beginVersion = versionProcedures(db)
  return {
    reset() {
      audit.reset()
      journal.reset()
      following.reset()
    },
    noteHead: audit.note,
    procedures: {
      append: journal.append,
      advance: journal.advance,
      enroll: journal.enroll,
      retainJournal: (old: Parameters<typeof journal.retain>[0]): number => securely(db, () => journal.retain(old)),
      commitDesk: alarms.commit,
      followAppended: following.follow,
      createMessage: deliveries.create,
      deliveryFailed: deliveries.failed,
      retryDelivery: audited.retryDelivery,
      beginMaintenance: audited.beginMaintenance,
      endMaintenance: audited.endMaintenance,
      testEndpoint: audited.testEndpoint,
      markReplayed: replayProcedures(db, audit.add).markReplayed,
      audit: audit.add,
      startAudit: audit.start,
      rewriteErased: eraseProcedures(db),
      beginVersion({ version, line }: { version: Version; line: AuditLine }): void {
        beginVersion(version)
        audit.add([line])
      },
      cancelUnknown: deliveries.cancelUnknown,
      hastenDeliveries: deliveries.hasten,
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
  const audit = auditReader(db)
  return {
    cursor: journal.cursor,
    readAlarms: ({ after, limit, window }: { after: number; limit: number; window: number }) =>
      journal.readAlarms(after, limit, window),
    events: (query: Parameters<typeof journal.events>[0]) => journal.events(query),
    histogram: histogramReader(db, (seq, fromMs) => journal.allBefore(seq, fromMs)),
    condition: conditionReader(db),
    due: deliveries.due,
    deliveries: deliveries.deliveries,
    waiting: deliveries.waiting,
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
    lag: lagReader(db),
    rejected: rejectedReader(db),
    audit: audit.audit,
    ...eraseReader(db),
    auditHead: audit.auditHead,
    pseudonymVersions: audit.pseudonymVersions,
    firstSeq: audit.firstSeq,
    stats: (consumers: string[]) => stats(consumers, alarms.alarmCounts, deliveries.deliveryCounts),
  }
}
export function keeperProcedures(db: DatabaseSync) {
  const checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  return {
    findDamage: () => findDamage(db),
    checkpoint: (): void => void checkpoint.get(),
    emptyLog: (): boolean => emptyLog(db, busyTimeoutMs),
  }
}
export type KeeperProcedures = ReturnType<typeof keeperProcedures>
export type ReadProcedures = ReturnType<typeof readProcedures>
