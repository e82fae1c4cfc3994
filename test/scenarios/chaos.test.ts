import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { AuditReport } from '../../device-sim/audit/report.ts'
import { runChaos } from '../../device-sim/chaos/run.ts'
import type { World } from '../../device-sim/chaos/world.ts'
import { plantLies } from '../helpers/lies.ts'

/** A few faults of a fixed seed under load; then the gateway is made to have lied in each way, and the audit must say so. */
test('a short chaos loses nothing, and an audit finds each lie that is planted after it', {
  timeout: 240_000,
}, async () => {
  let planted: Awaited<ReturnType<typeof plantLies>> | undefined
  let after: { code: number; report: AuditReport } | undefined
  const result = await runChaos({
    ...{ seed: '720', durationMs: 4000, rate: 100, pressEveryMs: 250, withDisk: false, lateAfterMs: 5000 },
    say: () => {},
    over: new AbortController().signal,
    inspect: async world => {
      planted = await plantLies(world)
      after = await auditByCommand(world, planted.book)
    },
  })
  expect(result.plan.map(({ on, what }) => `${on} ${what}`)).toEqual([
    'devices’ line cut',
    'gateway kill',
    'InfluxDB freeze',
  ])
  const { outOfOrder, ...losses } = foundBy(result.audit)
  expect(losses).toEqual({ lost: 0, doubled: 0, altered: 0, missing: 0, doubledAlarms: 0, badSignatures: 0 })
  expect(result).toMatchObject({ passed: true, undrained: undefined, died: [] })
  expect(result.audit.stats).toMatchObject({ broken: [] })
  expect(result.audit.ledger.pubacked).toBeGreaterThan(0)
  expect(after?.code).toBe(1)
  expect(foundBy(after!.report)).toEqual({ ...planted!.found, outOfOrder: outOfOrder + planted!.found.outOfOrder })
})

function foundBy({ influx, alarms }: AuditReport) {
  return {
    ...{ lost: influx!.lost.count, doubled: influx!.doubled.count, altered: influx!.altered.count },
    ...{ missing: alarms!.missing.count, doubledAlarms: alarms!.doubled.count },
    ...{ outOfOrder: alarms!.outOfOrder.count, badSignatures: alarms!.badSignatures.count },
  }
}

async function auditByCommand({ ledger, influx, api }: World, book: string) {
  const args = [
    ...['device-sim/main.ts', 'audit', '--json', '--settle', '0', '--ledger', ledger, '--book', book],
    ...['--influx-url', influx.url, '--api', api.url, '--token', api.token],
  ]
  const ended = promisify(execFile)(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 })
  const { code, stdout } = await ended.then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  )
  return { code, report: JSON.parse(stdout) as AuditReport }
}
