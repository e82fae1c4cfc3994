import type { Stream } from '../alarms/stream.ts'
import type { ConditionPort } from '../api/condition.ts'
import type { Api, ApiOptions, createApi } from '../api/server.ts'
import { iso } from '../clock.ts'
import { distDirectory } from '../console/dist-directory.ts'
import { serveConsole } from '../console/serve.ts'
import type { Maintenance } from '../devices/maintenance.ts'
import type { Presence } from '../devices/presence.ts'
import type { InForce } from '../in-force.ts'
import { erase } from '../journal/erasing.ts'
import type { Masking } from '../journal/versions.ts'
import type { Counts, Metrics } from '../metrics.ts'
import type { Broker } from '../mqtt/broker.ts'
import type { AppendQueue } from '../sqlite/append-queue.ts'
import { commands } from '../sqlite/commands.ts'
import type { Database } from '../sqlite/database.ts'
import { eraseStore } from '../sqlite/erase-store.ts'
import { pages } from '../sqlite/pages.ts'
import type { Tokens } from '../tokens/tokens.ts'
import type { createAlarming } from './alarming.ts'
import type { startAuditing } from './auditing.ts'
import type { Reloading } from './reloading.ts'
import { createReplay } from './replaying.ts'
import type { startSupervision } from './supervising.ts'

/** The wiring of the HTTP API: who answers what it is asked. Not listening yet. */
export function startApi(parts: {
  /** Given, since its code is loaded while the storage threads start. */
  createApi: typeof createApi
  options: Pick<ApiOptions, 'secure' | 'upgrade' | 'log' | 'clock' | 'newId' | 'version'>
  /** What is wrong with the journal, for /readyz, which is public: in the gateway's words, since SQLite's may name a path. */
  ready: () => string | undefined
  database: Database
  consumers: string[]
  inForce: InForce
  retentionMs: number
  counts: Counts
  condition: ConditionPort
  alarming: Awaited<ReturnType<typeof createAlarming>>
  auditing: Awaited<ReturnType<typeof startAuditing>>
  broker: Broker
  journal: AppendQueue
  maintenance: Maintenance
  masking: Masking
  metrics: Metrics
  presence: Presence
  reloading: Reloading
  stream: Stream
  supervision: Awaited<ReturnType<typeof startSupervision>>
  tokens: Tokens
}): Promise<Api> {
  const { options, database, consumers, inForce, retentionMs, counts, auditing, broker, journal } = parts
  const { maintenance, masking, presence, reloading, stream, supervision } = parts
  const { desk, deliverer } = parts.alarming
  const { clock, newId } = options
  return parts.createApi({
    ...options,
    console: serveConsole(distDirectory),
    tokens: parts.tokens.inForce,
    onRefused: ({ caller, why, address }) => auditing.refused({ what: 'api.refused', subject: caller, why, address }),
    metrics: parts.metrics.registry,
    checks: { journal: parts.ready },
    masking,
    auditing,
    erase: request => erase(eraseStore(database), masking, request, clock),
    registry: inForce,
    presence: {
      ...supervision,
      connected: presence.connected,
      usesCurrentSecret: device => broker.usesCurrentSecret(device),
    },
    reload: caller => reloading.reload(caller),
    ...pages(database.lists),
    replay: createReplay({
      ...database,
      read: database.lists,
      journal,
      registry: () => inForce.registry,
      clock,
      retentionMs,
    }),
    open: desk,
    actions: desk,
    ...commands(database.write, {
      clock,
      newId,
      maintenance,
      pseudonym: masking.current.pseudonym,
      endpoints: inForce.endpointIds,
      deliverer,
    }),
    stream: {
      subscribe: (lastId, listener) => stream.subscribe(lastId, listener),
      counters: () => ({
        at: iso(clock()),
        ...counts,
        journalQueued: journal.queued,
        connections: presence.connectedCount,
        openAlarms: desk.openAlarms().length,
      }),
    },
    condition: parts.condition,
    stats: {
      stats: async () => ({ ...(await database.lists.call('stats', consumers)), connections: presence.connectedCount }),
    },
  })
}
