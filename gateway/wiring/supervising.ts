import type { Presence } from '../../schemas/api.ts'
import type { Fault } from '../../schemas/webhook.ts'
import type { Clock } from '../clock.ts'
import { Batteries } from '../devices/battery.ts'
import type { Maintenance } from '../devices/maintenance.ts'
import type { Registry } from '../devices/registry.ts'
import { SelfTests } from '../devices/self-test.ts'
import { SequenceGaps } from '../devices/sequence.ts'
import { type Report, Supervision, type Told } from '../devices/supervision.ts'
import { heard, tick } from '../devices/watch.ts'
import type { Publish } from '../journal/journal.ts'
import type { Log } from '../log.ts'
import type { Caller } from '../sqlite/database.ts'
import type { ReadProcedures } from '../sqlite/procedures.ts'

/** The wiring of supervision: what it begins with, its tick of a second, and where its reports go. */
const tickMs = 1000

export type Supervising = Awaited<ReturnType<typeof startSupervision>>

export async function startSupervision(options: {
  read: Caller<ReadProcedures>
  registry: Registry
  maintenance: Maintenance
  clock: Clock
  log: Log
  onPresence: (device: string, presence: Presence) => void
  onReport: (report: Report, now: number) => void
  onFault: (fault: Fault) => void
}) {
  const { read, registry, maintenance, clock, log, onPresence, onReport, onFault } = options
  const startedAt = clock()
  let current = registry
  const supervision = new Supervision({
    devices: registry.watched(),
    startedAt,
    told: await read.call('toldSilent', undefined),
    isMaintained: ({ site, id }, now) => maintenance.covers(site, id, now),
    onPresence,
  })
  const batteries = new Batteries((await read.call('toldFaults', 'battery-low')).map(([device]) => device))
  const gaps = new SequenceGaps(await read.call('toldFaults', 'sequence-gap'))
  const selfTests = new SelfTests(
    registry.sites(),
    new Map(await read.call('testAlarms', undefined)),
    new Map(await read.call('toldFaults', 'self-test-overdue')),
    startedAt,
  )
  const watched = { supervision, batteries, gaps, selfTests }

  const timer = setInterval(() => {
    const now = clock()
    const { reports, faults } = tick(watched, now)
    for (const report of reports) {
      log.warn(report.of === 'site' ? { ...report, devices: report.devices.length } : report, `device.${report.what}`)
      onReport(report, now)
    }
    for (const fault of faults) onFault(fault)
  }, tickMs)

  return {
    seen: (device: string, at: number) => supervision.seen(device, at),
    /** For each publish on disk that is no duplicate. */
    heard(publish: Publish): void {
      const fault = heard(watched, publish)
      if (fault !== undefined) onFault(fault)
    },
    /** Told by now: to be asked before `replace`, which waits for nothing. */
    told: () => read.call('toldSilent', undefined),
    /** Another registry is in force. */
    replace(next: Registry, told: Told): void {
      const now = clock()
      supervision.replace(next.watched(), told, now)
      selfTests.replace(next.sites(), now)
      for (const { id } of current.devices())
        if (next.device(id) === undefined) for (const part of [batteries, gaps]) part.forget(id)
      current = next
    },
    tested: (site: string, at: number) => selfTests.tested(site, at),
    /** The clock was set by so much. */
    clockMoved(byMs: number): void {
      for (const part of [supervision, gaps, selfTests]) part.clockMoved(byMs)
    },
    presence: supervision.presence,
    lastSeenAt: supervision.lastSeenAt,
    battery: batteries.level,
    missing: (device: string) => gaps.missing(device),
    stop: () => clearInterval(timer),
  }
}
