import { DeliveriesPage, DeliveriesQuery, type DeliveryView } from '../../schemas/api.ts'
import { cursorOf, type Slice, toCursor } from './cursor.ts'
import { refusals } from './problem.ts'
import type { App } from './route.ts'

export type DeliveriesPort = {
  /** Newest first. */
  deliveries(query: {
    state?: DeliveryView['state'] | undefined
    limit: number
    cursor?: number | undefined
  }): Promise<Slice<DeliveryView>>
}

export function addDeliveries(app: App, ports: { deliveries: DeliveriesPort }): void {
  app.get(
    '/deliveries',
    {
      config: { role: 'viewer' },
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
}
