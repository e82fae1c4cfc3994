import type { Stats } from '../../schemas/api.ts'
import { createHistogram, type Histogram } from '../histogram.ts'
import { msText } from '../report.ts'
import { type Found, nothing } from './findings.ts'

/** What an audit found. Each part is there only where there was something to hold against the ledger. */
export type AuditReport = {
  /** False: an event was lost, doubled or altered, an alarm missing or doubled, a signature bad, a sum broken. */
  passed: boolean
  ledger: { published: number; pubacked: number; presses: number; devices: number; segments: number; tornLines: number }
  influx?: { points: number; lost: Found; doubled: Found; altered: Found; young: number; strangers: number }
  stats?: { stats: Stats; broken: readonly string[] }
  alarms?: {
    messages: number
    repeated: number
    alarms: number
    missing: Found
    doubled: Found
    late: Found
    outOfOrder: Found
    badSignatures: Found
    /** Told only by a later message's count of presses: more than 20 on one alarm. */
    gathered: number
    young: number
    unreadLines: number
    /** From the press to its first arrival at the receiver, where nothing on the way was down: how many, and ms. */
    undisturbed: { count: number; p50Ms: number | undefined; p99Ms: number | undefined; maxMs: number | undefined }
  }
  /** The most memory that the auditing process has had so far. */
  peakRssBytes: number
}

/** An audit while it counts. */
export type Counting = {
  presses: number
  influx: NonNullable<AuditReport['influx']>
  alarms: Omit<NonNullable<AuditReport['alarms']>, 'undisturbed'>
  undisturbed: Histogram
}

export const startCounting = (): Counting => ({
  presses: 0,
  influx: { points: 0, lost: nothing(), doubled: nothing(), altered: nothing(), young: 0, strangers: 0 },
  alarms: {
    ...{ messages: 0, repeated: 0, alarms: 0, gathered: 0, young: 0, unreadLines: 0 },
    ...{ missing: nothing(), doubled: nothing(), late: nothing(), outOfOrder: nothing(), badSignatures: nothing() },
  },
  undisturbed: createHistogram(),
})

export const undisturbedOf = (histogram: Histogram): NonNullable<AuditReport['alarms']>['undisturbed'] => ({
  count: histogram.count(),
  p50Ms: histogram.percentile(0.5),
  p99Ms: histogram.percentile(0.99),
  maxMs: histogram.count() === 0 ? undefined : histogram.max(),
})

export const hasPassed = ({ influx, stats, alarms }: Omit<AuditReport, 'passed'>): boolean =>
  [influx?.lost, influx?.doubled, influx?.altered, alarms?.missing, alarms?.doubled, alarms?.badSignatures].every(
    found => (found?.count ?? 0) === 0,
  ) && (stats?.broken.length ?? 0) === 0

export function auditText({ passed, ledger, influx, stats, alarms, peakRssBytes }: AuditReport): string {
  const lines = [
    `ledger     ${ledger.published} published, ${ledger.pubacked} pubacked, of them ${ledger.presses} presses; ${ledger.devices} devices, ${ledger.segments} segments${ledger.tornLines > 0 ? `, ${ledger.tornLines} torn lines left out` : ''}`,
  ]
  const examples: string[] = []
  const counted = (what: string, found: Found): string => {
    for (const example of found.examples) examples.push(`  ${what}: ${example}`)
    if (found.count > found.examples.length)
      examples.push(`  ${what}: … and ${found.count - found.examples.length} more`)
    return `${found.count} ${what}`
  }
  if (influx === undefined) lines.push('InfluxDB   not asked')
  else
    lines.push(
      `InfluxDB   ${influx.points} points: ${counted('lost', influx.lost)}, ${counted('doubled', influx.doubled)}, ${counted('altered', influx.altered)}` +
        `${influx.young > 0 ? `; ${influx.young} too young to judge` : ''}${influx.strangers > 0 ? `; ${influx.strangers} of others` : ''}`,
    )
  if (stats === undefined) lines.push('stats      not asked')
  else {
    const { received, accepted, duplicate, rejected } = stats.stats
    lines.push(
      `stats      received ${received} = accepted ${accepted} + duplicate ${duplicate} + rejected ${rejected}: ${stats.broken.length === 0 ? 'the sums hold' : `${stats.broken.length} sums broken`}`,
    )
    for (const broken of stats.broken) examples.push(`  broken: ${broken}`)
  }
  if (alarms === undefined) lines.push('alarms     no book')
  else {
    const { undisturbed: told } = alarms
    lines.push(
      `alarms     ${alarms.alarms} in ${alarms.messages} messages (${alarms.repeated} repeated): ${counted('missing', alarms.missing)}, ${counted('doubled', alarms.doubled)}, ${counted('late', alarms.late)}, ` +
        `${counted('out of order', alarms.outOfOrder)}, ${counted('bad signatures', alarms.badSignatures)}` +
        `${alarms.gathered > 0 ? `; ${alarms.gathered} told by count only` : ''}${alarms.young > 0 ? `; ${alarms.young} too young to judge` : ''}`,
      `           press → told where nothing was down: ${told.count} presses, p50 ${msText(told.p50Ms)}, p99 ${msText(told.p99Ms)}, slowest ${msText(told.maxMs)}`,
    )
  }
  lines.push(
    `memory     at most ${Math.round(peakRssBytes / 1024 / 1024)} MiB`,
    ...examples,
    passed ? 'audit: passed' : 'audit: FAILED',
  )
  return lines.join('\n')
}
