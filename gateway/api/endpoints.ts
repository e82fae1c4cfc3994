import { z } from 'zod'
import { EndpointTest, NoQuery } from '../../schemas/api.ts'
import { Id } from '../../schemas/ids.ts'
import { callerName } from './auth.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'

export type EndpointsPort = {
  /** The id of a test message to this endpoint, once it is on disk; undefined: there is no such endpoint. */
  test(id: string, caller: string): Promise<string | undefined>
}

export function addEndpoints(app: App, ports: { endpoints: EndpointsPort }): void {
  app.post(
    '/endpoints/:id/test',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'testEndpoint',
        tags: ['deliveries'],
        summary: 'Send a test message to one endpoint',
        description:
          'A `gateway.fault` with the code `endpoint-test`, signed and tried like any other message. GET deliveries shows what became of it.',
        params: z.object({ id: Id }),
        querystring: NoQuery,
        response: { 202: EndpointTest, ...refusals(400, 401, 403, 404) },
      },
    },
    async ({ params: { id }, caller }, reply) => {
      const messageId = await ports.endpoints.test(id, callerName(caller))
      if (messageId === undefined)
        return sendProblem(reply, problem(404, `There is no endpoint ${id}; the registry and the settings name them`))
      return reply.code(202).send({ messageId })
    },
  )
}
