import { NoQuery, Stats } from '../../schemas/api.ts'
import { refusals } from './problem.ts'
import type { App } from './route.ts'

export type StatsPort = { stats(): Promise<Stats> }

export function addStats(app: App, ports: { stats: StatsPort }): void {
  app.get(
    '/stats',
    {
      config: { role: 'viewer', load: 'disk' },
      schema: {
        operationId: 'getStats',
        tags: ['journal'],
        summary: 'The conservation check: nothing that came in is missing',
        description:
          '`received = accepted + duplicate + rejected`, and per consumer `accepted = done + pending + quarantined`.',
        querystring: NoQuery,
        response: { 200: Stats, ...refusals(400, 401, 403) },
      },
    },
    () => ports.stats.stats(),
  )
}
