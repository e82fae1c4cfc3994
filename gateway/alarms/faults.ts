import type { Fault } from '../../schemas/webhook.ts'
import type { Quarantined } from '../journal/journal.ts'

/** What can be wrong with the gateway or its neighbours, in words for whoever must act. `subject`: what it is about. */
export const faults = {
  refusing: (endpoint: string, status: number): Fault => ({
    code: 'endpoint-refuses',
    subject: endpoint,
    message: `endpoint ${endpoint} answers ${status} again and again; look at its log and its secret`,
  }),
  failing: (endpoint: string, error: string): Fault => ({
    code: 'endpoint-failing',
    subject: endpoint,
    message: `endpoint ${endpoint} takes nothing (${error}); it is tried until it does`,
  }),
  alarmsQuarantined: (quarantined: readonly Quarantined[]): Fault => ({
    code: 'alarm-quarantined',
    subject: 'alarms',
    message: `${quarantined.length} alarm events could not be made alarms, from number ${quarantined[0]?.seq}: ${quarantined[0]?.reason}`,
  }),
  flooding: (device: string): Fault => ({
    code: 'device-flooding',
    subject: device,
    message: `device ${device} sends more than its share without a pause; it is throttled; look at its firmware, or disable it`,
  }),
  pointsQuarantined: (count: number, reason: string): Fault => ({
    code: 'influx-quarantined',
    subject: 'influx',
    message: `InfluxDB refuses ${count} points for good: ${reason}`,
  }),
  clockDiffers: (endpoint: string, aheadMs: number): Fault => ({
    code: 'clock-differs',
    subject: endpoint,
    message: `endpoint ${endpoint} refuses, and its clock is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the gateway's; what it is sent is signed at its time; look at the time service of both`,
  }),
  clockStepped: (byMs: number): Fault => ({
    code: 'clock-stepped',
    subject: 'clock',
    message: `the clock of the gateway's machine was set ${byMs > 0 ? 'ahead' : 'back'} by ${Math.round(Math.abs(byMs) / 1000)} s; deadlines and attempts keep their intervals; look at its time service`,
  }),
  auditBroken: (what: string): Fault => ({
    code: 'audit-broken',
    subject: 'audit',
    message: `the audit log was changed while no gateway ran (${what}); npm run audit -- verify names the line`,
  }),
  entriesDamaged: (count: number): Fault => ({
    code: 'entry-damaged',
    subject: 'journal',
    message: `${count} entries of the journal were changed by the disk (their check sums are wrong) and are not passed on; look at the disk, restore a backup`,
  }),
  walDamaged: (what: string): Fault => ({
    code: 'journal-damaged',
    subject: 'journal',
    message: `${what}; devices that said it believe it is stored; look at the disk, compare with a backup`,
  }),
  damaged: (what: string): Fault => ({
    code: 'journal-damaged',
    subject: 'journal',
    message: `the journal's file is damaged (${what}); restore a backup`,
  }),
}
