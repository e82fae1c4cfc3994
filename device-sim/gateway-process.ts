import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { AlarmsPage } from '../schemas/api.ts'
import { Failure } from './arguments.ts'
import { type Child, startChild } from './child.ts'
import { monotonicMs } from './clock.ts'

/** The gateway as demo and scenarios see it: a process, its ready line and its HTTP API. Nothing is imported from it. */
export type GatewayProcess = { child: Child; mqttUrl: string; httpUrl: string; readyMs: number }

const Ready = z.object({ msg: z.literal('ready'), mqttPort: z.int(), httpPort: z.int(), durationMs: z.number() })
const Trouble = z.object({ level: z.enum(['warn', 'error', 'fatal']), msg: z.string() })
const readyDeadlineMs = 30_000

/** Resolves at the ready line. Throws Failure with the gateway's last words when it ends or hangs before. */
export async function startGateway(options: {
  env: Record<string, string>
  cwd: string
  onTrouble: (line: string) => void
}): Promise<GatewayProcess> {
  const { promise: ready, resolve } = Promise.withResolvers<z.infer<typeof Ready>>()
  const child = startChild(process.execPath, [fileURLToPath(new URL('../gateway/main.ts', import.meta.url))], {
    env: options.env,
    cwd: options.cwd,
    onLine: line => {
      const entry = parseLine(line)
      const asReady = Ready.safeParse(entry)
      if (asReady.success) return resolve(asReady.data)
      const trouble = Trouble.safeParse(entry)
      if (trouble.success) options.onTrouble(`gateway ${trouble.data.level}: ${trouble.data.msg}`)
    },
  })
  const timer = Promise.withResolvers<string>()
  const timeout = setTimeout(() => timer.resolve(`was not ready within ${readyDeadlineMs / 1000} s`), readyDeadlineMs)
  const first = await Promise.race([ready, child.ended, timer.promise])
  clearTimeout(timeout)
  if (typeof first === 'string') {
    await child.end(2000)
    throw new Failure(`the gateway ${first}. Its last lines:\n${child.tail().join('\n')}`)
  }
  return {
    child,
    mqttUrl: `mqtt://127.0.0.1:${first.mqttPort}`,
    httpUrl: `http://127.0.0.1:${first.httpPort}`,
    readyMs: first.durationMs,
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/**
 * Asks the API until the site's newest alarm is past `raised`, at most `deadlineMs`. Gives the alarm and the moment on
 * the monotonic clock. Throws Failure when it isn't in time.
 */
export async function untilDelivered(options: { httpUrl: string; token: string; site: string; deadlineMs: number }) {
  const endMs = monotonicMs() + options.deadlineMs
  let seen = 'no alarm'
  while (monotonicMs() < endMs) {
    const response = await fetch(`${options.httpUrl}/api/v1/alarms?site=${options.site}&limit=1`, {
      headers: { authorization: `Bearer ${options.token}` },
      signal: AbortSignal.timeout(5000),
    })
    if (!response.ok) throw new Failure(`GET /api/v1/alarms answered ${response.status}: ${await response.text()}`)
    const [alarm] = AlarmsPage.parse(await response.json()).items
    if (alarm !== undefined && alarm.stage !== 'raised') return { alarm, atMs: monotonicMs() }
    if (alarm !== undefined) seen = `stage ${alarm.stage}`
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Failure(`the API shows ${seen} at ${options.site} after ${options.deadlineMs / 1000} s, not delivered`)
}
