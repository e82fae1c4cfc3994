import { parseArgs } from 'node:util'
import { startPermissive } from './permissive.ts'
import { type Played, playAll, table } from './table.ts'

/**
 * npm run conformance                    the table of packet sequences, against the gateway's broker
 * npm run conformance -- --port N        the gateway's broker on port N, for public suites, until Ctrl-C
 */
const { values } = parseArgs({ options: { port: { type: 'string' } } })

const portOf = (value: string): number => {
  const port = Number(value)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  console.error(`${value} is not a port`)
  process.exit(2)
}

if (values.port !== undefined) await serve(portOf(values.port))
else {
  const startedMs = performance.now()
  const played = await playAll(table)
  report(played)
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  process.exitCode = played.every(({ why }) => why === undefined) ? 0 : 1
}

async function serve(wanted: number): Promise<void> {
  const { port, stop } = await startPermissive('127.0.0.1', wanted)
  console.log(`The gateway's broker, its guards and a permissive policy, listens on 127.0.0.1:${port}; Ctrl-C ends it.`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())
}

function report(played: Played[]): void {
  const clauses = Map.groupBy(played, ({ clause }) => clause)
  for (const [clause, rows] of [...clauses].sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true })))
    console.log(`${clause.padEnd(18)} ${rows.filter(({ why }) => why === undefined).length} of ${rows.length}`)
  for (const { clause, what, why } of played) if (why !== undefined) console.log(`✗ ${clause}  ${what}: ${why}`)
  const kept = played.filter(({ why }) => why === undefined).length
  console.log(`${kept} of ${played.length} sequences, ${clauses.size} clauses`)
}
