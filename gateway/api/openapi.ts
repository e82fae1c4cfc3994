import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { fastify, type HTTPMethods } from 'fastify'
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Alarm } from '../../schemas/alarm.ts'
import { DeliveryView, DeviceView, EventView, Problem, RejectionView, SiteView, Stats } from '../../schemas/api.ts'
import { Condition } from '../../schemas/condition.ts'
import { Histogram } from '../../schemas/histogram.ts'
import { securityHeaders } from './headers.ts'
import { refuseUnknown } from './refuse.ts'
import type { KnownRoute } from './route.ts'

/** Each is said once, under components/schemas. */
const components = {
  Alarm,
  Condition,
  Delivery: DeliveryView,
  Device: DeviceView,
  Event: EventView,
  Histogram,
  Problem,
  Rejection: RejectionView,
  Site: SiteView,
  Stats,
}

export type Docs = {
  /** OpenAPI 3.1, as JSON. */
  document: string
  /** Answers /docs and below: the page, its scripts, its styles. */
  handle: ReturnType<typeof fastify>['routing']
  close(): Promise<void>
}

/**
 * The documentation of `routes`, as a server of its own that is never told to listen: both swagger packages cost 150 ms
 * to load, more than the rest of the API together, and a gateway that restarts has no time for that. So it is made
 * when somebody first asks.
 */
export async function createDocs(routes: readonly KnownRoute[], version: string): Promise<Docs> {
  for (const [id, schema] of Object.entries(components))
    z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id })
  const docs = fastify({ exposeHeadRoutes: false })
  docs.setValidatorCompiler(validatorCompiler)
  docs.setSerializerCompiler(serializerCompiler)
  docs.addHook('onSend', securityHeaders('docs'))
  docs.setNotFoundHandler((request, reply) => refuseUnknown([], request, reply))
  await docs.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Gatehouse',
        version,
        description: 'What the gateway knows, and what people do about it. Errors are RFC 9457 problems.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      tags,
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: document => withoutUnused(jsonSchemaTransformObject(document)),
  })
  await docs.register(swaggerUi, { routePrefix: '/docs', uiConfig: { persistAuthorization: false } })
  for (const { method, url, schema, config } of routes)
    docs.route({ method: method as HTTPMethods, url, schema: secured(schema, config), handler: () => undefined })
  await docs.ready()
  return {
    document: JSON.stringify(docs.swagger()),
    handle: docs.routing,
    close: async () => void (await docs.close()),
  }
}

const tags = [
  { name: 'access', description: 'Whom a token stands for' },
  { name: 'registry', description: 'Sites and devices' },
  { name: 'journal', description: 'What devices said' },
  { name: 'alarms', description: 'What the alarm desk made of it' },
  { name: 'maintenance', description: 'Where somebody works, and alarms are expected' },
  { name: 'deliveries', description: 'Who was told, and how that went' },
  { name: 'audit', description: 'Who did what; reading unmasked and erasing, which leave a line in it' },
  { name: 'health', description: 'The process itself; no token needed' },
]

const secured = (schema: KnownRoute['schema'], { role }: KnownRoute['config']) =>
  role === undefined
    ? { ...schema, security: [] }
    : {
        ...schema,
        description: `${schema.description ?? ''} Role: ${role}.`.trim(),
        security: [{ bearer: [] }],
      }

/** The type provider describes every component for input and for output, used or not. */
function withoutUnused<Document extends object>(document: Document): Document {
  const { components } = document as { components: { schemas: Record<string, unknown> } }
  const text = JSON.stringify(document)
  const used = Object.entries(components.schemas).filter(([id]) => text.includes(`"#/components/schemas/${id}"`))
  return { ...document, components: { ...components, schemas: Object.fromEntries(used) } }
}
