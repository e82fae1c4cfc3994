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
  pointsQuarantined: (count: number, reason: string): Fault => ({
    code: 'influx-quarantined',
    subject: 'influx',
    message: `InfluxDB refuses ${count} points for good: ${reason}`,
  }),
  damaged: (what: string): Fault => ({
    code: 'journal-damaged',
    subject: 'journal',
    message: `the journal's file is damaged (${what}); restore a backup`,
  }),
}
