import { readFileSync } from 'node:fs'
import { monotonicMs, systemClock } from './clock.ts'
import { readConfig } from './config.ts'
import { ConfigError, OperationalError } from './errors.ts'
import { startGateway } from './gateway.ts'
import { createLog } from './log.ts'

/** Starts the gateway and ends it on SIGTERM or SIGINT. Exit codes: 0 stopped, 78 settings or registry (sysexits EX_CONFIG), 1 anything else. */
const EX_CONFIG = 78
const stopTimeoutMs = 10_000

const startedMs = monotonicMs()
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

try {
  const config = readConfig()
  const log = createLog(config.logLevel)
  const end = (error: Error) => {
    log.fatal({ err: error.message }, 'lost')
    process.exit(1)
  }
  const gateway = await startGateway(config, {
    log,
    clock: systemClock,
    version,
    startedMs,
    showToken: token => process.stderr.write(`Admin token for the API, shown this once: ${token}\n`),
    onLost: end,
  })
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      log.info({ signal }, 'stopping')
      setTimeout(() => end(new Error(`did not stop within ${stopTimeoutMs} ms`)), stopTimeoutMs).unref()
      gateway.stop().then(() => process.exit(0), end)
    })
} catch (error) {
  if (error instanceof ConfigError) {
    process.stderr.write(`Gatehouse can't start:\n${error.mistakes.map(mistake => `  ${mistake}\n`).join('')}`)
    process.exit(EX_CONFIG)
  }
  if (!(error instanceof OperationalError)) throw error
  process.stderr.write(`Gatehouse can't start:\n  ${error.message}\n`)
  process.exit(1)
}
