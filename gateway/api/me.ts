import { Me, NoQuery } from '../../schemas/api.ts'
import { type Clock, iso } from '../clock.ts'
import type { Caller } from './auth.ts'
import { refusals } from './problem.ts'
import type { App } from './route.ts'

/** For a console: whom it speaks for, what it may do, and how far its own clock is off. */
export function addMe(app: App, { clock }: { clock: Clock }): void {
  app.get(
    '/me',
    {
      config: { role: 'viewer' },
      schema: {
        operationId: 'getMe',
        tags: ['access'],
        summary: 'Name and role of the token, and the time at the gateway',
        querystring: NoQuery,
        response: { 200: Me, ...refusals(400, 401, 403) },
      },
    },
    async ({ caller }) => {
      const { name, role } = caller as Caller
      return { name, role, now: iso(clock()) }
    },
  )
}
