import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type ChaosResult, runChaos } from '../../device-sim/chaos/run.ts'
import type { World } from '../../device-sim/chaos/world.ts'

/** A few faults of a fixed seed under load; then the gateway is made to have lied, and the audit must say so. */
test('a short chaos loses nothing, and an audit finds the one point that is taken out of InfluxDB after it', {
  timeout: 240_000,
}, async () => {
  let lie: { code: number; lost: number } | undefined
  const result = await runChaos({
    ...{ seed: '344', durationMs: 5000, rate: 200, pressEveryMs: 250, withDisk: true, lateAfterMs: 5000 },
    say: () => {},
    over: new AbortController().signal,
    inspect: async world => {
      await removeOnePoint(world)
      lie = await auditByCommand(world)
    },
  })
  expect(failuresOf(result)).toEqual({})
  expect(result.plan.map(({ on, what }) => `${on} ${what}`)).toContain('gateway kill')
  expect(result.audit.ledger.pubacked).toBeGreaterThan(0)
  expect(result.audit.alarms!.alarms).toBeGreaterThan(0)
  expect(lie).toEqual({ code: 1, lost: 1 })
})

function failuresOf({ audit: { influx, alarms, stats }, undrained, died }: ChaosResult) {
  const found = {
    ...{ lost: influx!.lost, doubled: influx!.doubled, altered: influx!.altered },
    ...{ missing: alarms!.missing, doubledAlarms: alarms!.doubled, badSignatures: alarms!.badSignatures },
  }
  return {
    ...Object.fromEntries(Object.entries(found).filter(([, { count }]) => count > 0)),
    ...(stats!.broken.length > 0 && { broken: stats!.broken }),
    ...(undrained !== undefined && { undrained }),
    ...(died.length > 0 && { died }),
  }
}

async function query({ influx }: World, text: string): Promise<{ results: { series: { values: string[][] }[] }[] }> {
  const body = new URLSearchParams({ db: influx.database, q: text })
  return (await (await fetch(`${influx.url}query`, { method: 'POST', body })).json()) as never
}

async function removeOnePoint(world: World): Promise<void> {
  const { results } = await query(world, 'select id from access limit 1')
  const time = results[0]!.series[0]!.values[0]![0]
  await query(world, `delete from access where time = '${time}'`)
}

async function auditByCommand({ ledger, book, influx, api }: World) {
  const args = [
    ...['device-sim/main.ts', 'audit', '--json', '--settle', '0', '--ledger', ledger, '--book', book],
    ...['--influx-url', influx.url, '--api', api.url, '--token', api.token],
  ]
  const ended = promisify(execFile)(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 })
  const { code, stdout } = await ended.then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  )
  return { code, lost: (JSON.parse(stdout) as ChaosResult['audit']).influx!.lost.count }
}
