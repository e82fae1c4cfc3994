import type { DatabaseSync } from 'node:sqlite'
import type { WebhookMessage } from '../../schemas/webhook.ts'
import type { Told } from '../devices/supervision.ts'

/**
 * What endpoints were told of devices and sites, as the messages hold it: a gateway that starts again must neither tell the
 * same silence twice nor forget to tell that it ended. As far back as retention goes.
 */
export function toldReader(db: DatabaseSync) {
  // The condition as the index has it, word by word, so that it is used. By rowid, since a site's recovery and its next loss
  // may stand in one millisecond.
  const about = "type IN ('device.silent', 'device.recovered', 'gateway.fault')"
  const reports = db.prepare(
    `SELECT type, body FROM message WHERE rowid IN
       (SELECT max(rowid) FROM message WHERE ${about} AND type <> 'gateway.fault' GROUP BY subject)`,
  )
  const faults = db.prepare(
    `SELECT subject, max(created_ms) AS at FROM message
     WHERE ${about} AND type = 'gateway.fault' AND body ->> '$.data.fault.code' = ? GROUP BY subject`,
  )
  const tests = db.prepare("SELECT site, max(received_ms) AS at FROM alarm WHERE mode = 'test' GROUP BY site")
  return {
    /** Who stands as silent. */
    silent(): Told {
      const told = (reports.all() as { type: string; body: string }[])
        .filter(({ type }) => type === 'device.silent')
        .map(({ body }) => (JSON.parse(body) as WebhookMessage).data)
      return {
        devices: told.flatMap(({ device }) => device?.id ?? []),
        sites: told
          .flatMap(({ site }) => site ?? [])
          .map(({ id, deviceCount, devices }) => ({
            site: id,
            devices: deviceCount > devices.length ? 'all' : devices,
          })),
      }
    },

    /** When each subject's fault of this code was last told, ms. */
    faults: (code: string): [string, number][] =>
      (faults.all(code) as { subject: string; at: number }[]).map(({ subject, at }) => [subject, at]),

    /** When the last test alarm of each site was received, ms. */
    testAlarms: (): [string, number][] =>
      (tests.all() as { site: string; at: number }[]).map(({ site, at }) => [site, at]),
  }
}
