import { setTimeout as after } from 'node:timers/promises'
import { Health, Readiness } from '../../schemas/api.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'

/** Resolves to undefined when all is well, else to what is wrong, in words that may be shown to anybody. */
export type ReadyCheck = () => Promise<string | undefined> | string | undefined

type Options = { version: string; checks: Record<string, ReadyCheck>; log: Log; checkTimeoutMs?: number | undefined }

export function addHealth(app: App, { version, checks, log, checkTimeoutMs = 1000 }: Options): void {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'getHealth',
        tags: ['health'],
        summary: 'The process is alive',
        response: { 200: Health },
      },
    },
    () => ({ status: 'alive' as const, version }),
  )

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        tags: ['health'],
        summary: 'The gateway can take events: every check passes',
        response: { 200: Readiness, ...refusals(503) },
      },
    },
    async (_request, reply) => {
      const results = Object.fromEntries(
        await Promise.all(
          Object.entries(checks).map(async ([name, check]) => [name, await run(name, check)] as [string, string]),
        ),
      )
      const failed = Object.keys(results).filter(name => results[name] !== 'ok')
      if (failed.length === 0) return { status: 'ready' as const, checks: results }
      return sendProblem(reply, problem(503, `Not ready: ${failed.join(', ')}`, { checks: results }))
    },
  )

  async function run(name: string, check: ReadyCheck): Promise<string> {
    const done = new AbortController()
    const late = after(checkTimeoutMs, `no answer within ${checkTimeoutMs} ms`, { signal: done.signal })
    late.catch(() => {})
    try {
      return (await Promise.race([check(), late])) ?? 'ok'
    } catch (error) {
      log.warn({ check: name, reason: messageOf(error) }, 'ready.check-failed')
      return 'failed; the log says why'
    } finally {
      done.abort()
    }
  }
}
