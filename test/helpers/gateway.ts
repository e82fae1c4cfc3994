import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A gateway as a user starts it: a process of its own, `node gateway/main.ts`, reached through its real doors. */
export type RunningGateway = {
  mqttPort: number
  /** With a certificate; 0 without. */
  mqttsPort: number
  httpPort: number
  mqttUrl: string
  httpUrl: string
  /** Of the ready line, ms. */
  durationMs: number
  /** Lines of its log so far. */
  log: Record<string, unknown>[]
  pid: number
  /** Everything it wrote to stdout and stderr so far, as it came. */
  output(): string
  /** GET of a path under /api/v1, as admin; the parsed body. */
  get<T = Record<string, unknown>>(path: string): Promise<T>
  signal(signal: NodeJS.Signals): void
  /** Its exit code, once it has ended by itself. */
  ended: Promise<number | null>
  /** SIGKILL, and until it is gone. */
  kill(): Promise<void>
  /** SIGTERM or another signal, and its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export const adminToken = 'token-of-the-tests'
const startTimeoutMs = 30_000

export async function startGateway(options: {
  dataDir: string
  registry: string
  env?: Record<string, string>
  mqttPort?: number
}): Promise<RunningGateway> {
  const { child, ended, log, errors } = spawnGateway(options)
  let output = ''
  child.stdout!.on('data', chunk => {
    output += chunk
  })
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the gateway was not ready in time')), startTimeoutMs)
    createInterface({ input: child.stdout! }).on('line', text => {
      if (!text.startsWith('{')) return
      const line = JSON.parse(text) as Record<string, unknown>
      log.push(line)
      if (line.msg === 'ready') {
        clearTimeout(timer)
        resolve(line)
      }
    })
    ended.then(code => {
      clearTimeout(timer)
      reject(new Error(`the gateway ended with ${code} before it was ready:\n${errors()}`))
    })
  })
  const mqttPort = ready.mqttPort as number
  const httpPort = ready.httpPort as number
  const httpUrl = `http://127.0.0.1:${httpPort}`
  return {
    mqttPort,
    mqttsPort: Number(ready.mqttsPort ?? 0),
    httpPort,
    mqttUrl: `mqtt://127.0.0.1:${mqttPort}`,
    httpUrl,
    durationMs: ready.durationMs as number,
    log,
    pid: child.pid!,
    output: () => output + errors(),
    async get(path) {
      const response = await fetch(`${httpUrl}/api/v1/${path}`, { headers: { authorization: `Bearer ${adminToken}` } })
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as never
    },
    signal: signal => void child.kill(signal),
    ended,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      return await ended
    },
  }
}

/** For starts that are meant to fail: what it said on stderr, and its exit code. */
export async function failToStart(
  options: Parameters<typeof spawnGateway>[0],
): Promise<{ code: number | null; stderr: string }> {
  const { child, ended, errors } = spawnGateway(options)
  child.stdout?.resume()
  const timer = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs)
  const code = await ended
  clearTimeout(timer)
  return { code, stderr: errors() }
}

/** Starts one and kills it after `afterMs`, ready or not. */
export async function killWhileStarting(options: Parameters<typeof spawnGateway>[0], afterMs: number): Promise<void> {
  const { child, ended } = spawnGateway(options)
  child.stdout?.resume()
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs)
  await ended
  clearTimeout(timer)
}

/** A test that fails must not leave a gateway behind. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

function spawnGateway(options: { dataDir: string; registry: string; env?: Record<string, string>; mqttPort?: number }) {
  const child: ChildProcess = spawn(process.execPath, ['gateway/main.ts'], {
    cwd: new URL('../..', import.meta.url),
    env: {
      PATH: process.env.PATH,
      // What one start compiled the next needn't; set by vitest.config.ts.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      GATEHOUSE_DATA_DIR: options.dataDir,
      GATEHOUSE_REGISTRY: options.registry,
      GATEHOUSE_MQTT_PORT: String(options.mqttPort ?? 0),
      GATEHOUSE_HTTP_PORT: '0',
      GATEHOUSE_API_TOKENS: `tests:admin:${adminToken}`,
      GATEHOUSE_PSEUDONYM_KEY: 'key-of-the-tests',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr?.on('data', chunk => {
    errors += chunk
  })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  running.add(child)
  child.once('exit', () => running.delete(child))
  return { child, ended, log: [] as Record<string, unknown>[], errors: () => errors }
}
