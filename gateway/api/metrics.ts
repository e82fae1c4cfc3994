import type { Registry } from 'prom-client'
import { z } from 'zod'
import type { App } from './route.ts'

export function addMetrics(app: App, { metrics }: { metrics: Registry }): void {
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        tags: ['health'],
        summary: "The process's numbers in Prometheus' text format",
        response: { 200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } } },
      },
      // The schema is for /openapi.json; as a serializer it would put quotes around the text.
      serializerCompiler: () => String,
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  )
}
