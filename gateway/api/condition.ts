import { NoQuery } from '../../schemas/api.ts'
import { Condition } from '../../schemas/condition.ts'
import { type Clock, iso } from '../clock.ts'
import { refusals } from './problem.ts'
import type { App } from './route.ts'

export type ConditionPort = () => Promise<Omit<Condition, 'at' | 'version'>>

export function addCondition(app: App, ports: { condition: ConditionPort; clock: Clock; version: string }): void {
  app.get(
    '/health',
    {
      config: { role: 'viewer', load: 'disk' },
      schema: {
        operationId: 'getCondition',
        tags: ['health'],
        summary: 'How the gateway is, for a person who looks',
        description: 'A machine asks /readyz, and /metrics for numbers over time; the conservation check is GET stats.',
        querystring: NoQuery,
        response: { 200: Condition, ...refusals(400, 401, 403) },
      },
    },
    async () => ({ at: iso(ports.clock()), version: ports.version, ...(await ports.condition()) }),
  )
}
