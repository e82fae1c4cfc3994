import type {
  FastifyBaseLogger,
  FastifyContextConfig,
  FastifyInstance,
  FastifySchema,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'

/** The server as route files see it: parameters and answers are typed by their zod schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** What /openapi.json and the 405 answer need to know of a route. */
export type KnownRoute = { method: string; url: string; schema: FastifySchema; config: FastifyContextConfig }

/** The methods that `path` answers to, for the Allow header of a 405; none where there is no such path. */
export const methodsOf = (routes: readonly KnownRoute[], path: string): string[] => [
  ...new Set(routes.filter(({ url }) => matches(url.split('/'), path.split('/'))).map(({ method }) => method)),
]

const matches = (pattern: string[], path: string[]): boolean =>
  pattern.at(-1) === '*'
    ? pattern.slice(0, -1).every((part, at) => part === path[at]) && path.length >= pattern.length
    : pattern.length === path.length &&
      pattern.every((part, at) => (part.startsWith(':') ? path[at] !== '' : part === path[at]))
