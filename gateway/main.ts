import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import type { Gateway } from './gateway.ts'
import type { Log } from './log.ts'

/** Starts the gateway and ends it on SIGTERM or SIGINT. Exit codes: 0 stopped, 78 settings or registry (sysexits EX_CONFIG), 1 anything else. */
const EX_CONFIG = 78
const stopTimeoutMs = 10_000

let log: Log | undefined
let gateway: Gateway | undefined
let stopping = false
const end = (error: Error) => {
  log?.fatal({ err: error.message }, 'lost')
  process.exit(1)
}
// Before anything is loaded, which takes half a second: whoever stops a start must not see it fail. As process 1 of a
// container it would not even end.
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    if (stopping) return
    stopping = true
    log?.info({ signal }, 'stopping')
    // Nothing is promised that isn't on disk.
    if (gateway === undefined) process.exit(0)
    setTimeout(() => end(new Error(`did not stop within ${stopTimeoutMs} ms`)), stopTimeoutMs).unref()
    gateway.stop().then(() => process.exit(0), end)
  })
process.on('SIGHUP', () => gateway?.reload())

// What was compiled once is not compiled again at the next start, in the system's temporary directory (NODE_COMPILE_CACHE moves it).
enableCompileCache()
const { ConfigError, OperationalError } = await import('./errors.ts')
try {
  const [{ systemTime }, { createLog }, { readSetup }, { startGateway }] = await Promise.all([
    import('./clock.ts'),
    import('./log.ts'),
    import('./setup.ts'),
    import('./gateway.ts'),
  ])
  const setup = readSetup()
  log = createLog(setup.config.logLevel)
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  gateway = await startGateway(setup, {
    log,
    time: systemTime,
    version,
    // The process's own start, so that loading the code counts too.
    startedMs: 0,
    showToken: token => process.stderr.write(`Admin token for the API, shown this once: ${token}\n`),
    onLost: end,
  })
} catch (error) {
  const mistakes = error instanceof ConfigError ? error.mistakes : [reasonOf(error)]
  process.stderr.write(`Gatehouse can't start:\n${mistakes.map(mistake => `  ${mistake}\n`).join('')}`)
  process.exit(error instanceof ConfigError ? EX_CONFIG : 1)
}

/** What a person can do something about. Anything else is a programmer's error and leaves with its stack. */
function reasonOf(error: unknown): string {
  if (error instanceof OperationalError) return error.message
  const { syscall, message } = error as NodeJS.ErrnoException
  if (syscall !== undefined) return message
  throw error
}
