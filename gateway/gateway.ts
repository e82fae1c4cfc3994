import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Fault } from '../schemas/webhook.ts'
import { planFor } from './alarms/deadlines.ts'
import { Desk } from './alarms/desk.ts'
import { FaultLimit } from './alarms/fault-limit.ts'
import { faults } from './alarms/faults.ts'
import { Indications } from './alarms/indications.ts'
import { faultMessage } from './alarms/message.ts'
import { Outbox } from './alarms/outbox.ts'
import { RecentEvents, summarize } from './alarms/recent.ts'
import { silenceMessage } from './alarms/silence-message.ts'
import { Stream } from './alarms/stream.ts'
import { toldAt } from './alarms/targets.ts'
import { type Clock, elapsedSince, iso } from './clock.ts'
import { Maintenance, rememberedMs } from './devices/maintenance.ts'
import { Presence } from './devices/presence.ts'
import { messageOf } from './errors.ts'
import { cancelUnknown, startRetention } from './housekeeping.ts'
import { startInfluxConsumer } from './influx-consumer.ts'
import { createPseudonym, maskData } from './journal/pseudonym.ts'
import { apiTokens, pseudonymKey } from './keys.ts'
import type { Log } from './log.ts'
import { createMetrics } from './metrics.ts'
import { Broker } from './mqtt/broker.ts'
import type { Setup } from './setup.ts'
import { AppendQueue } from './sqlite/append-queue.ts'
import { commands } from './sqlite/commands.ts'
import { openDatabase } from './sqlite/database.ts'
import { lockDataDir } from './sqlite/lock.ts'
import { pages } from './sqlite/pages.ts'
import { startSupervision } from './supervising.ts'
import { Deliverer } from './webhook/deliver.ts'
import { signingKeys } from './webhook/signature.ts'

/** The whole gateway, wired flat: what is started here is stopped in `stop`, in the order given there. */
export type Gateway = { mqttPort: number; httpPort: number; stop(): Promise<void> }
export type GatewayOptions = {
  log: Log
  clock: Clock
  version: string
  /** `performance.now()` at which the process's start counts as begun. */
  startedMs: number
  showToken: (token: string) => void
  /** Something that can't be mended while running, a storage thread's end: the process must end. */
  onLost: (error: Error) => void
}

const dayMs = 24 * 60 * 60_000
const deskWindow = 20_000

export async function startGateway(setup: Setup, options: GatewayOptions): Promise<Gateway> {
  const { log, clock } = options
  const { config, registry, targets } = setup
  const newId = () => randomUUID()
  const retentionMs = config.retentionDays * dayMs
  for (const warning of setup.warnings) log.warn({ warning }, 'setup.warning')
  if (targets.length === 0)
    log.warn('no endpoint: alarms are kept and nobody is told; set GATEHOUSE_DISPATCH_URL or endpoints in the registry')
  const told = toldAt(targets)

  const lock = lockDataDir(config.dataDir)
  const key = pseudonymKey(config)
  const pseudonym = createPseudonym(key)
  const tokens = apiTokens(config, options.showToken)

  const file = join(config.dataDir, 'journal.sqlite')
  // The API is half of the code: it is loaded while the storage threads start.
  const [database, { createApi }] = await Promise.all([openDatabase(file, options.onLost), import('./api/server.ts')])
  const { read, write } = database
  const consumers = ['alarms', ...(config.influx === undefined ? [] : ['influx'])]
  for (const consumer of consumers) await write.call('enroll', consumer)
  await cancelUnknown(write, targets, log)

  const outbox = new Outbox({
    store: message => write.call('createMessage', message),
    onDue: due => deliverer.offer(due),
    log,
  })
  const faultLimit = new FaultLimit()
  const announced = (shown: Fault) => {
    // Each alarm event that could not be followed is told of; what else goes on is told of once in a while.
    const fault = shown.code === 'alarm-quarantined' ? shown : faultLimit.take(shown, clock())
    if (fault === undefined) return
    log.error(fault, 'gateway.fault')
    // For the endpoints other than the one it is about.
    const others = targets.map(({ id }) => id).filter(id => id !== fault.subject)
    outbox.say(faultMessage(newId(), fault, clock(), others))
  }

  const counts = { stored: 0, duplicate: 0, rejected: 0 }
  const presence = new Presence()
  const maintenance = new Maintenance(await read.call('maintenance', clock() - rememberedMs))
  const metrics = createMetrics({
    counts,
    connections: () => presence.connectedCount,
    journalQueued: () => journal.queued,
    openAlarms: () => desk.openAlarms().length,
    influx: () => influx?.state(),
  })

  const deliverer = new Deliverer({
    store: { due: query => read.call('due', query), failed: attempt => write.call('deliveryFailed', attempt) },
    targets: targets.map(({ id, url, secret }) => ({ id, url, keys: signingKeys(secret) })),
    clock,
    random: Math.random,
    log,
    settle: settled => desk.settle(settled),
    onRefusing: (endpoint, status) => announced(faults.refusing(endpoint, status)),
    onFailing: (endpoint, error) => announced(faults.failing(endpoint, error)),
    onAttempt(endpoint, attempt, sinceCreatedMs) {
      metrics.attempts.inc({ endpoint, result: attempt.delivered ? 'delivered' : 'failed' })
      if (attempt.delivered) metrics.deliverySeconds.observe({ endpoint }, sinceCreatedMs / 1000)
    },
  })

  const recent = new RecentEvents((kind, payload) => summarize(maskData(kind, JSON.parse(payload), pseudonym)))
  for (const { site, ...entry } of (
    await read.call('events', { before: Number.MAX_SAFE_INTEGER, limit: 2000, window: 2000 })
  ).entries.reverse())
    recent.add(site, entry)
  const indications = new Indications()
  const desk = new Desk({
    cursor: await read.call('cursor', 'alarms'),
    open: await read.call('openAlarms', undefined),
    store: {
      readAlarms: (after, limit) => read.call('readAlarms', { after, limit, window: deskWindow }),
      commit: change => write.call('commitDesk', change),
    },
    site: registry.site,
    device: registry.device,
    endpoints: told,
    plan: alarm => planFor(registry.deadlines, alarm),
    isMaintained: maintenance.covers,
    recent: (entry, now) => recent.of(entry.site, entry.seq, now),
    clock,
    newId,
    log,
    onDue: due => deliverer.offer(due),
    onQuarantined: quarantined => announced(faults.alarmsQuarantined(quarantined)),
    onStep: (alarm, line) => {
      stream.alarm(alarm, line)
      if (indications.isNew(alarm, line)) broker.indicate(alarm, line.at)
      if (line.what === 'raised' && alarm.mode === 'test') supervision.tested(alarm.site.id, clock())
    },
  })

  const stream = new Stream({ clock, openAlarms: desk.openAlarms })
  const supervision = await startSupervision({
    read,
    registry,
    maintenance,
    clock,
    log,
    onPresence: (device, presence) => stream.presence(device, presence),
    onReport: (report, now) => outbox.say(silenceMessage(newId(), report, registry, now, told(0))),
    onFault: announced,
  })

  const journal = new AppendQueue(
    write,
    (publishes, outcomes) => {
      let alarm = false
      for (const [index, publish] of publishes.entries()) {
        const { result, seq } = outcomes[index]!
        counts[result]++
        if (result !== 'duplicate') supervision.heard(publish)
        if (result !== 'stored' || 'reason' in publish) continue
        recent.add(publish.site, {
          seq,
          device: publish.device,
          kind: publish.kind,
          at: publish.at,
          receivedAt: publish.receivedAt,
          payload: publish.payload,
        })
        alarm ||= publish.kind === 'alarm'
      }
      if (alarm) desk.wake()
      influx?.wake()
    },
    error => log.error({ err: error.message }, 'journal.failing'),
  )

  const influx =
    config.influx &&
    startInfluxConsumer({
      data: {
        file,
        settings: config.influx,
        pseudonymKey: key,
        logLevel: config.logLevel,
        writePort: database.writePort(),
      },
      onLost: options.onLost,
      onQuarantined: (count, reason) => announced(faults.pointsQuarantined(count, reason)),
    })

  const broker = new Broker({
    journal,
    registry: () => registry,
    clock,
    log,
    retentionMs,
    maxPayloadBytes: config.mqtt.maxPayloadBytes,
    onSeen: supervision.seen,
    onConnected: (device, connected) => presence.setConnected(device, connected),
    onWantsCommands: device => {
      for (const alarm of indications.of(device, desk.openAlarms())) broker.indicate(alarm, iso(clock()))
    },
  })

  let damage: string | undefined
  const api = await createApi({
    log,
    clock,
    newId,
    version: options.version,
    tokens,
    metrics: metrics.registry,
    // Public at /readyz: in the gateway's words, since SQLite's may name a path.
    checks: { journal: () => damage ?? (journal.failure && 'events can not be written to disk; see the log') },
    pseudonym,
    registry,
    presence: { ...supervision, connected: presence.connected },
    ...pages(database.lists),
    open: desk,
    actions: desk,
    ...commands(write, { clock, newId, maintenance, endpoints: targets.map(({ id }) => id), deliverer }),
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
    stats: {
      stats: async () => ({ ...(await database.lists.call('stats', consumers)), connections: presence.connectedCount }),
    },
  })

  deliverer.start()
  desk.start()
  const retention = startRetention({ write, clock, log, retentionMs, consumers })
  const mqttPort = await broker.open(config.mqtt.host, config.mqtt.port)
  const httpPort = await api.listen(config.http)
  log.info(
    {
      mqttPort,
      httpPort,
      durationMs: Math.round(elapsedSince(options.startedMs)),
      influx: config.influx !== undefined,
      endpoints: targets.map(({ id }) => id),
    },
    'ready',
  )

  // Large files are checked while the gateway runs (sqlite/open.ts): a start must not wait for it.
  database
    .keep(found => {
      damage = found
      announced(faults.damaged(found))
    })
    .catch(error => log.error({ err: messageOf(error) }, 'journal.unchecked'))

  return {
    mqttPort,
    httpPort,
    async stop() {
      broker.stopTaking()
      await journal.drained()
      await broker.end()
      await api.close()
      retention.stop()
      supervision.stop()
      await outbox.stop()
      // Side by side: an endpoint that hangs and an InfluxDB that hangs are each waited for.
      await Promise.all([deliverer.stop().then(() => desk.stop()), influx?.stop()])
      await database.close()
      lock.release()
      log.info('stopped')
    },
  }
}
