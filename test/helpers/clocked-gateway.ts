import { onTestFinished, vi } from 'vitest'
import { startGateway } from '../../gateway/gateway.ts'
import { silentLog } from '../../gateway/log.ts'
import { readSetup } from '../../gateway/setup.ts'
import { adminToken } from './gateway.ts'

/**
 * The whole gateway in the test's own process, under a clock that only the test moves: what takes minutes takes none. Its
 * intervals (the tick of supervision) run with that clock; sockets, disks and timeouts are real.
 */
export type ClockedGateway = {
  mqttPort: number
  httpPort: number
  mqttUrl: string
  now(): number
  /** As somebody sets the system's clock: what passed stays what it was. It shows within a second. */
  setClock(byMs: number): void
  /** Second by second, with a tick each. */
  pass(seconds: number): void
  get<T = Record<string, unknown>>(path: string): Promise<T>
  /** POST without a body, as admin; the parsed answer. */
  post<T = Record<string, unknown>>(path: string): Promise<T>
  stop(): Promise<void>
}

export async function startClocked(options: {
  dataDir: string
  registry: string
  env?: Record<string, string>
  at?: number
}): Promise<ClockedGateway> {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  // A signature's time may be five minutes off for its verifier: so the clock may be moved by more than that in all.
  let now = options.at ?? Date.now() - 4 * 60_000
  const startedAt = now
  let setByMs = 0
  const setup = readSetup({
    GATEHOUSE_DATA_DIR: options.dataDir,
    GATEHOUSE_REGISTRY: options.registry,
    GATEHOUSE_MQTT_PORT: '0',
    GATEHOUSE_HTTP_PORT: '0',
    GATEHOUSE_API_TOKENS: `tests:admin:${adminToken}`,
    GATEHOUSE_PSEUDONYM_KEY: 'key-of-the-tests',
    ...options.env,
  })
  const gateway = await startGateway(setup, {
    log: silentLog,
    time: { wallMs: () => now + setByMs, monotonicMs: () => now - startedAt },
    version: 'test',
    startedMs: performance.now(),
    showToken: () => {},
    onLost: error => {
      throw error
    },
  })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= gateway.stop().finally(() => vi.useRealTimers())
    return stopped
  }
  onTestFinished(stop)
  const ask = async (method: string, path: string) => {
    const url = `http://127.0.0.1:${gateway.httpPort}/api/v1/${path}`
    const response = await fetch(url, { method, headers: { authorization: `Bearer ${adminToken}` } })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as never
  }
  return {
    mqttPort: gateway.mqttPort,
    httpPort: gateway.httpPort,
    mqttUrl: `mqtt://127.0.0.1:${gateway.mqttPort}`,
    now: () => now + setByMs,
    setClock(byMs) {
      setByMs += byMs
    },
    pass(seconds) {
      for (let second = 0; second < seconds; second++) {
        now += 1000
        vi.advanceTimersByTime(1000)
      }
    },
    get: path => ask('GET', path),
    post: path => ask('POST', path),
    stop,
  }
}
