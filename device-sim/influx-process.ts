import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Child, startChild } from './child.ts'
import { monotonicMs } from './clock.ts'
import { childEnvironment, influxFromEnvironment, searchPath } from './config.ts'
import type { Undo } from './undo.ts'

/** A private InfluxDB 1.x for demo and scenarios, when the machine has one: temporary directory, free ports, loopback only. */
export type InfluxProcess = { child: Child; url: string; version: string }

const readyDeadlineMs = 20_000

/** The URL the gateway shall write to besides its own environment's; undefined: none, or that of the environment. */
export async function influxFor(
  directory: string,
  say: (line: string) => void,
  undo: Undo,
): Promise<string | undefined> {
  const given = influxFromEnvironment()
  if (given !== undefined) {
    say('InfluxDB   as GATEHOUSE_INFLUX_URL says')
    return undefined
  }
  const influxd = findInfluxd(searchPath())
  const started =
    influxd === undefined
      ? 'influxd is not installed and GATEHOUSE_INFLUX_URL is not set'
      : await startInfluxd(influxd, directory, childEnvironment({}))
  if (typeof started === 'string') {
    say(`InfluxDB   none (${started}): events stay in the journal, the embedded default`)
    return undefined
  }
  undo.later(() => started.child.end(5000))
  say(`InfluxDB   ${started.version}, started for this run, at ${started.url}`)
  return started.url
}

/** The path of `influxd`, or undefined where the machine has none. */
export function findInfluxd(searchPath: readonly string[]): string | undefined {
  return searchPath
    .map(directory => join(directory, 'influxd'))
    .find(path => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** Starts it and waits until it answers; a sentence saying why it does not. */
export async function startInfluxd(influxd: string, directory: string, env: Record<string, string>) {
  const version = await versionOf(influxd)
  if (version === undefined) return `${influxd} is not InfluxDB 1.x`
  const home = join(directory, 'influx')
  await mkdir(home, { recursive: true })
  const [httpPort, rpcPort] = await freePorts(2)
  const configPath = join(home, 'influxdb.conf')
  await writeFile(configPath, configuration(home, httpPort as number, rpcPort as number))
  const child = startChild(influxd, ['-config', configPath], { env, cwd: home })
  const url = `http://127.0.0.1:${httpPort}`
  if (await answers(child, url)) return { child, url, version } satisfies InfluxProcess
  await child.end(2000)
  return `influxd did not answer within ${readyDeadlineMs / 1000} s; its last line: ${child.tail().at(-1) ?? 'none'}`
}

const configuration = (home: string, httpPort: number, rpcPort: number): string => `reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = ${JSON.stringify(join(home, 'meta'))}
[data]
  dir = ${JSON.stringify(join(home, 'data'))}
  wal-dir = ${JSON.stringify(join(home, 'wal'))}
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:${httpPort}"
  log-enabled = false
[monitor]
  store-enabled = false
[logging]
  level = "error"
`

async function versionOf(influxd: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(influxd, ['version'], { timeout: 5000 })
    return /v?(1\.\d+\.\d+)/.exec(stdout)?.[1]
  } catch {
    return undefined
  }
}

/** Held open together, so that they differ; another process could take one before influxd does, which then fails. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    ports.push((server.address() as { port: number }).port)
  }
  for (const server of servers) await new Promise(resolve => server.close(resolve))
  return ports
}

async function answers(child: Child, url: string): Promise<boolean> {
  let over = false
  void child.ended.then(() => {
    over = true
  })
  for (const endMs = monotonicMs() + readyDeadlineMs; monotonicMs() < endMs && !over; ) {
    try {
      const response = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(1000) })
      if (response.status === 204) return true
    } catch {
      // not listening yet
    }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return false
}
