import { NoQuery, RegistryReloaded } from '../../schemas/api.ts'
import { callerName } from './auth.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'

/** Resolves once it is in force and on disk. `mistakes`: it was refused whole; each begins with what it is about and a colon. */
export type ReloadPort = (caller: string) => Promise<RegistryReloaded | { mistakes: readonly string[] }>

export function addRegistry(app: App, { reload }: { reload: ReloadPort }): void {
  app.post(
    '/registry/reload',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'reloadRegistry',
        tags: ['registry'],
        summary: 'Take the registry file as it is now',
        description:
          'Connections of devices that did not change stay; those that were removed, disabled, moved or given another secret are cut. A file with any mistake is refused whole, and the registry before stays in force.',
        querystring: NoQuery,
        response: { 200: RegistryReloaded, ...refusals(400, 401, 403, 422, 503) },
      },
    },
    async ({ caller }, reply) => {
      const result = await reload(callerName(caller))
      if (!('mistakes' in result)) return result
      const mistakes = result.mistakes.map(split)
      const detail = `The registry before stays in force. ${result.mistakes.join('. ')}`
      return sendProblem(reply, problem(422, detail, { mistakes }))
    },
  )
}

/** `registry.yaml:12: devices: …` is about line 12 of the file, `CENTRE_SECRET: is not set` about a setting. */
function split(mistake: string): { parameter: string; detail: string } {
  const [, parameter, detail] = /^(.+?): (.+)$/s.exec(mistake) ?? []
  return { parameter: parameter ?? 'registry', detail: detail ?? mistake }
}
