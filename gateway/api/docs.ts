import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Docs } from './openapi.ts'
import type { App, KnownRoute } from './route.ts'

/** /openapi.json and /docs, made when somebody first asks (openapi.ts says why). `routes` is read then, not now. */
export function addDocs(app: App, routes: readonly KnownRoute[], version: string): void {
  let made: Promise<Docs> | undefined
  const docs = () => {
    made ??= import('./openapi.ts').then(({ createDocs }) =>
      createDocs(
        routes.filter(({ method, schema }) => method !== 'HEAD' && schema.hide !== true),
        version,
      ),
    )
    return made
  }
  app.addHook('onClose', async () => {
    const { close } = (await made?.catch(() => undefined)) ?? {}
    await close?.()
  })

  const page = async (request: FastifyRequest, reply: FastifyReply) => {
    const { handle } = await docs()
    reply.hijack()
    handle(request.raw, reply.raw)
  }
  const hidden = { schema: { hide: true } }
  app.get('/openapi.json', hidden, async (_request, reply) =>
    reply.type('application/json').send((await docs()).document),
  )
  app.get('/docs', hidden, page)
  app.get('/docs/*', hidden, page)
}
