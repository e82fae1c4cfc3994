import { z } from 'zod'
import { NoQuery, ReplayResult } from '../../schemas/api.ts'
import { callerName } from './auth.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'

export type ReplayPort = {
  /**
   * Judges a rejection again, and resolves once what follows is on disk. undefined: there is no such rejection any more.
   * `impossible`: why it can't be judged, in words for whoever asked.
   */
  replay(id: number, caller: string): Promise<ReplayResult | { impossible: string } | undefined>
}

export function addReplay(app: App, ports: { replay: ReplayPort }): void {
  app.post(
    '/rejections/:id/replay',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'replayRejection',
        tags: ['journal'],
        summary: 'Judge a rejected publish again, and take it if it is good now',
        description:
          '`stored`: it is an event of its device now, received now, and counts under the time that it had; an alarm raises an alarm. `duplicate`: that event is there already, as `seq`. `rejected`: it is still not valid, and nothing has changed. `id` is the rejection’s `seq`.',
        params: z.object({ id: z.coerce.number().int().min(1) }),
        querystring: NoQuery,
        response: { 200: ReplayResult, ...refusals(400, 401, 403, 404, 409, 503) },
      },
    },
    async ({ params: { id }, caller }, reply) => {
      const result = await ports.replay.replay(id, callerName(caller))
      if (result === undefined)
        return sendProblem(reply, problem(404, `There is no rejection ${id}; GET /api/v1/rejections lists them`))
      if ('impossible' in result) return sendProblem(reply, problem(409, `Rejection ${id}: ${result.impossible}`))
      return result
    },
  )
}
