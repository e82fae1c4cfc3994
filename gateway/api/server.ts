import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TlsOptions, Server as TlsServer } from 'node:tls'
import { type FastifyInstance, fastify } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Registry as Metrics } from 'prom-client'
import type { Clock } from '../clock.ts'
import { messageOf, OperationalError } from '../errors.ts'
import type { Masking } from '../journal/versions.ts'
import type { Log } from '../log.ts'
import { type ActionsPort, addActions } from './actions.ts'
import { type AlarmsPort, addAlarms, type OpenPort } from './alarms.ts'
import { type AuditPort, addAudit } from './audit.ts'
import { authenticate, type OnRefused, type TokensPort } from './auth.ts'
import { acceptJsonOnly } from './body.ts'
import { addCondition, type ConditionPort } from './condition.ts'
import { Connections } from './connections.ts'
import { addDeliveries, type DeliveriesPort, type RetriesPort } from './deliveries.ts'
import { addDevices, type DevicesPort, type PresencePort } from './devices.ts'
import { addDocs } from './docs.ts'
import { addEndpoints, type EndpointsPort } from './endpoints.ts'
import { addErase, type ErasePort } from './erase.ts'
import { addEvents, type EventsPort } from './events.ts'
import { headersOf, isTls, securityHeaders } from './headers.ts'
import { addHealth, type ReadyCheck } from './health.ts'
import { addHistogram, type HistogramPort } from './histogram.ts'
import { type Allowances, Limits } from './limits.ts'
import { addMaintenance, type MaintenancePort } from './maintenance.ts'
import { addMe } from './me.ts'
import { addMetrics } from './metrics.ts'
import type { ReceiptsPort } from './once.ts'
import { refuseError, refuseUnknown, refuseUnreadable } from './refuse.ts'
import { addRegistry, type ReloadPort } from './registry.ts'
import { addRejections, type RejectionsPort } from './rejections.ts'
import { addReplay, type ReplayPort } from './replay.ts'
import { addReports, type ReportsPort } from './reports.ts'
import type { App, KnownRoute } from './route.ts'
import { addSites, type OpenAlarmsPort, type SitesPort } from './sites.ts'
import { addStats, type StatsPort } from './stats.ts'
import { addStream, type StreamPort } from './stream.ts'
import { type AuditWritePort, addUnmask } from './unmask.ts'

/** The gateway's certificate (gateway/certificates/certificates.ts): with one the port speaks HTTPS and nothing else. */
export type SecurePort = {
  readonly serverOptions: TlsOptions
  /** The server gets renewed certificates. */
  keep(server: TlsServer): void
}
/** A protocol that takes over connections of this port. Any other request for one is answered as if it had not asked. */
export type UpgradePort = {
  wants(request: IncomingMessage): boolean
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

export type ApiOptions = {
  secure?: SecurePort | undefined
  upgrade?: UpgradePort | undefined
  /** Adds `/` and below what the console is made of. Outside /api/v1; its routes say their own Content-Security-Policy. */
  console?: ((app: FastifyInstance) => Promise<void>) | undefined
  log: Log
  clock: Clock
  newId: () => string
  version: string
  tokens: TokensPort
  onRefused?: OnRefused
  metrics: Metrics
  /** What /readyz asks, by name. */
  checks: Record<string, ReadyCheck>
  checkTimeoutMs?: number
  masking: Masking
  audit: AuditPort
  auditing: AuditWritePort
  erase: ErasePort
  registry: SitesPort & DevicesPort & { site(id: string): unknown; device(id: string): unknown }
  presence: PresencePort
  reload: ReloadPort
  events: EventsPort
  histogram: HistogramPort
  alarms: AlarmsPort & OpenAlarmsPort
  open: OpenPort
  actions: ActionsPort
  receipts: ReceiptsPort
  maintenance: MaintenancePort
  deliveries: DeliveriesPort
  retries: RetriesPort
  endpoints: EndpointsPort
  rejections: RejectionsPort
  replay: ReplayPort
  stats: StatsPort
  condition: ConditionPort
  reports: ReportsPort
  stream: StreamPort
  allowances?: Allowances
  streamTimes?: { heartbeatMs: number; countersMs: number }
  patience?: { headersTimeout: number; requestTimeout: number; connectionsCheckingInterval: number }
}

export type Api = {
  /** The real port. Throws OperationalError `http-listen`. */
  listen(address: { host: string; port: number }): Promise<number>
  /** Ends keep-alive connections too. */
  close(): Promise<void>
  inject: App['inject']
  /** Every route, for the tests that no route is forgotten. */
  routes: readonly KnownRoute[]
}

const limits = {
  bodyLimit: 64 * 1024,
  /** Without a byte in either direction. */
  connectionTimeout: 60_000,
  keepAliveTimeout: 30_000,
  /** A client that asks for ever comes again after so many, and is let in anew. */
  maxRequestsPerSocket: 10_000,
  routerOptions: { maxParamLength: 100 },
}
/** Instead of ajv and fast-json-stringify, which cost a start 50 ms to load. */
const compilersFactory = {
  buildValidator: () => validatorCompiler as never,
  buildSerializer: () => serializerCompiler as never,
}
const maxHeaderBytes = 8 * 1024
/**
 * For a request's headers, and for all of it, to come in; a stream of answers may take as long as it likes. Node looks for slow
 * senders at an interval, and its own 30 s would make 40 s of 10.
 */
const patience = { headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 2000 }
const prefix = '/api/v1'

export async function createApi(options: ApiOptions): Promise<Api> {
  const { log, secure, upgrade } = options
  const { requestTimeout, ...slowness } = options.patience ?? patience
  const http = { ...slowness, maxHeaderSize: maxHeaderBytes, shouldUpgradeCallback: upgrade?.wants ?? (() => false) }
  const app = fastify({
    ...limits,
    requestTimeout,
    http,
    // Typed away: with it the server has another type, and what is used of it here is the same.
    ...((secure === undefined ? {} : { https: { ...http, ...secure.serverOptions } }) as object),
    forceCloseConnections: true,
    schemaController: { compilersFactory },
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error, request, reply) =>
      // No hook has run, nor will.
      void refuseError(log, error, request, reply.headers(headersOf('data', isTls(request.raw)))),
  }).withTypeProvider<ZodTypeProvider>()
  const routes = rememberRoutes(app)
  app.setErrorHandler((error: Error, request, reply) => refuseError(log, error, request, reply))
  app.setNotFoundHandler((request, reply) => refuseUnknown(routes, request, reply))
  const guards = { limits: new Limits(options), connections: new Connections() }
  guards.connections.watch(app.server)
  acceptJsonOnly(app)
  // Under /api/v1 the token's allowance counts, of a request without one its failure.
  app.addHook('onRequest', async (request, reply) =>
    request.url.startsWith(`${prefix}/`) ? undefined : guards.limits.open(request, reply),
  )
  app.addHook('onSend', securityHeaders('data'))
  // The route's template, never the URL: that may hold ids.
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) =>
    log.debug({ method, route: routeOptions.url, status: statusCode, ms: Math.round(elapsedTime) }, 'http.answered'),
  )

  addHealth(app, options)
  addMetrics(app, options)
  addDocs(app, routes, options.version)
  if (options.console !== undefined) await app.register(options.console)
  await app.register(
    async (api: App) => {
      api.decorateRequest('caller', null)
      api.addHook('onRequest', authenticate({ ...options, ...guards }))
      api.addHook('onRoute', guards.limits.takeTurns)
      // Again, so that a path that isn't there asks for a token too.
      api.setNotFoundHandler((request, reply) => refuseUnknown(routes, request, reply))
      addMe(api, options)
      addSites(api, options)
      addDevices(api, options)
      addRegistry(api, options)
      addEvents(api, options)
      addHistogram(api, options)
      addAlarms(api, options)
      addActions(api, options)
      addMaintenance(api, options)
      addReports(api, options)
      addStream(api, options)
      addDeliveries(api, options)
      addEndpoints(api, options)
      addRejections(api, options)
      addReplay(api, options)
      addStats(api, options)
      addCondition(api, options)
      addAudit(api, options)
      addUnmask(api, options)
      addErase(api, options)
    },
    { prefix },
  )
  await app.ready()
  secure?.keep(app.server as unknown as TlsServer)
  if (upgrade !== undefined) app.server.on('upgrade', upgrade.take)

  return {
    routes,
    inject: app.inject.bind(app) as App['inject'],
    close: async () => void (await app.close()),
    listen: async ({ host, port }) => {
      try {
        await app.listen({ host, port })
      } catch (error) {
        const message = `HTTP can't listen on ${host}:${port} (${messageOf(error)}); set GATEHOUSE_HTTP_HOST and GATEHOUSE_HTTP_PORT`
        throw new OperationalError('http-listen', message, { retryable: false, cause: error })
      }
      return (app.server.address() as AddressInfo).port
    },
  }
}

/** Fills as routes are added. One under /api/v1 without a role is a programmer's error. */
function rememberRoutes(app: App): readonly KnownRoute[] {
  const routes: KnownRoute[] = []
  app.addHook('onRoute', ({ method, url, schema = {}, config = {} }) => {
    if (url.startsWith(prefix) && config.role === undefined) throw new Error(`${method} ${url} says no role`)
    for (const one of [method].flat()) routes.push({ method: one, url, schema, config })
  })
  return routes
}
