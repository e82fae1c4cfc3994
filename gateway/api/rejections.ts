import { RejectionsPage, RejectionsQuery, type RejectionView } from '../../schemas/api.ts'
import { cursorOf, type Slice, toCursor } from './cursor.ts'
import { refusals } from './problem.ts'
import type { App } from './route.ts'

export type RejectionsPort = {
  /** Newest first. */
  rejections(query: {
    site?: string | undefined
    device?: string | undefined
    limit: number
    cursor?: number | undefined
  }): Promise<Slice<RejectionView>>
}

export function addRejections(app: App, ports: { rejections: RejectionsPort }): void {
  app.get(
    '/rejections',
    {
      config: { role: 'viewer', load: 'disk' },
      schema: {
        operationId: 'listRejections',
        tags: ['journal'],
        summary: 'Publishes that failed validation and why, newest first',
        querystring: RejectionsQuery.extend({ cursor: cursorOf('rejections') }),
        response: { 200: RejectionsPage, ...refusals(400, 401, 403) },
      },
    },
    async ({ query }) => {
      const { items, next } = await ports.rejections.rejections(query)
      return { items, cursor: toCursor('rejections', next) }
    },
  )
}
