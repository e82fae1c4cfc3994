import { z } from 'zod'
import { DeliveriesPage, DeliveriesQuery, DeliveryView, NoQuery } from '../../schemas/api.ts'
import { callerName } from './auth.ts'
import { cursorOf, type Slice, toCursor } from './cursor.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'

export type DeliveriesPort = {
  /** Newest first. */
  deliveries(query: {
    state?: DeliveryView['state'] | undefined
    limit: number
    cursor?: number | undefined
  }): Promise<Slice<DeliveryView>>
}
export type RetriesPort = {
  /** Makes it due now. `done: false`: it isn't pending. undefined: there is no such delivery. */
  retry(id: number, caller: string): Promise<{ done: boolean; delivery: DeliveryView } | undefined>
}

export function addDeliveries(app: App, ports: { deliveries: DeliveriesPort; retries: RetriesPort }): void {
  app.get(
    '/deliveries',
    {
      config: { role: 'viewer', load: 'disk' },
      schema: {
        operationId: 'listDeliveries',
        tags: ['deliveries'],
        summary: 'Messages to endpoints and how far they are, newest first',
        querystring: DeliveriesQuery.extend({ cursor: cursorOf('deliveries') }),
        response: { 200: DeliveriesPage, ...refusals(400, 401, 403) },
      },
    },
    async ({ query }) => {
      const { items, next } = await ports.deliveries.deliveries(query)
      return { items, cursor: toCursor('deliveries', next) }
    },
  )

  app.post(
    '/deliveries/:id/retry',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'retryDelivery',
        tags: ['deliveries'],
        summary: 'Try a pending delivery now',
        description: 'What stands before it in its line, an older message of the same subject, still goes first.',
        params: z.object({ id: z.coerce.number().int().min(1) }),
        querystring: NoQuery,
        response: { 202: DeliveryView, ...refusals(400, 401, 403, 404, 409) },
      },
    },
    async ({ params: { id }, caller }, reply) => {
      const result = await ports.retries.retry(id, callerName(caller))
      if (result === undefined)
        return sendProblem(reply, problem(404, `There is no delivery ${id}; GET /api/v1/deliveries lists them`))
      if (!result.done)
        return sendProblem(
          reply,
          problem(409, `Delivery ${id} is ${result.delivery.state}; only a pending one is tried`),
        )
      return reply.code(202).send(result.delivery)
    },
  )
}
