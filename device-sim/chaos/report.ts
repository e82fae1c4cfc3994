import { auditText } from '../audit/report.ts'
import { msText, table } from '../report.ts'
import { blowText, type Planned } from './plan.ts'
import type { ChaosResult } from './run.ts'

/** What was done, what came of it, and over several seeds. */
export const planText = (plan: readonly Planned[]): string =>
  table(
    ['fault', 'on', 'at', 'for'],
    plan.map(blow => [
      blowText(blow),
      blow.on,
      `${(blow.atMs / 1000).toFixed(1)} s`,
      `${(blow.forMs / 1000).toFixed(1)} s`,
    ]),
  ).join('\n')

export function resultText(result: ChaosResult): string {
  const { load, outages, died, drainedMs, undrained, audit } = result
  const downMs = outages.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
  return [
    `load       ${load.published} published, ${load.pubacked} pubacked, ${load.presses} presses${load.failed > 0 ? `; ${load.failed} that the devices gave up without a puback` : ''}`,
    `faults     ${result.plan.length}; an alarm's way was interrupted ${outages.length} times, ${(downMs / 1000).toFixed(1)} s in all; disk: ${result.disk}`,
    ...died.map(line => `ended      by itself: ${line}`),
    `drained    ${undrained ?? `${(drainedMs / 1000).toFixed(1)} s after the last fault`}`,
    auditText(audit),
  ].join('\n')
}

export function seedsTable(results: readonly ChaosResult[]): string {
  const row = ({ seed, plan, audit: { ledger, influx, alarms }, ...result }: ChaosResult): string[] => [
    seed,
    String(plan.length),
    String(ledger.published),
    String(ledger.pubacked),
    ...[influx?.lost, influx?.doubled, influx?.altered].map(found => String(found?.count ?? '–')),
    String(ledger.presses),
    ...[alarms?.missing, alarms?.doubled, alarms?.late, alarms?.outOfOrder, alarms?.badSignatures].map(found =>
      String(found?.count ?? '–'),
    ),
    msText(alarms?.undisturbed.p99Ms),
    result.undrained === undefined ? `${(result.drainedMs / 1000).toFixed(1)} s` : 'never',
    result.passed ? 'passed' : 'FAILED',
  ]
  const head =
    'seed,faults,published,pubacked,lost,doubled,altered,presses,missing,doubled,late,out of order,bad signature,undisturbed p99,drained,'
  return table(head.split(','), results.map(row)).join('\n')
}
