import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createAlarming } from './alarming.ts'
import { faults } from './alarms/faults.ts'
import { Indications } from './alarms/indications.ts'
import { silenceMessage } from './alarms/silence-message.ts'
import { Stream } from './alarms/stream.ts'
import { startAuditing } from './auditing.ts'
import { Certificates } from './certificates.ts'
import { elapsedSince, GatewayClock, iso, monotonicMs, type TimeSource } from './clock.ts'
import { Maintenance, rememberedMs } from './devices/maintenance.ts'
import { Presence } from './devices/presence.ts'
import { Room } from './disk/room.ts'
import { startDiskWatching } from './disk-watching.ts'
import { messageOf } from './errors.ts'
import { cancelUnknown, startRetention } from './housekeeping.ts'
import { InForce } from './in-force.ts'
import { startInfluxConsumer } from './influx-consumer.ts'
import { erase } from './journal/erasing.ts'
import { damagedReason } from './journal/journal.ts'
import { createMasking } from './journal/versions.ts'
import type { Log } from './log.ts'
import { startMasking } from './masking.ts'
import { createMetrics } from './metrics.ts'
import { Broker } from './mqtt/broker.ts'
import { pseudonymKeys } from './pseudonym-keys.ts'
import { Reloading } from './reloading.ts'
import { createReplay } from './replaying.ts'
import type { Setup } from './setup.ts'
import { AppendQueue } from './sqlite/append-queue.ts'
import { commands } from './sqlite/commands.ts'
import { openDatabase } from './sqlite/database.ts'
import { eraseStore } from './sqlite/erase-store.ts'
import { lockDataDir } from './sqlite/lock.ts'
import { pages } from './sqlite/pages.ts'
import { startSupervision } from './supervising.ts'
import { keepTime } from './timekeeping.ts'
import { Tokens } from './tokens.ts'

/** The whole gateway, wired flat: what is started here is stopped in `stop`, in the order given there. */
export type Gateway = {
  mqttPort: number
  httpPort: number
  /** Takes what was changed in files that may change while it runs, and logs what came of it. */
  reload(): void
  stop(): Promise<void>
}
export type GatewayOptions = {
  log: Log
  time: TimeSource
  version: string
  /** `performance.now()` at which the process's start counts as begun. */
  startedMs: number
  showToken: (token: string) => void
  /** Something that can't be mended while running, a storage thread's end: the process must end. */
  onLost: (error: Error) => void
}

const dayMs = 24 * 60 * 60_000

export async function startGateway(setup: Setup, options: GatewayOptions): Promise<Gateway> {
  const { log } = options
  const time = new GatewayClock(options.time)
  const clock = time.now
  const { config } = setup
  const inForce = new InForce(setup)
  const newId = () => randomUUID()
  const retentionMs = config.retentionDays * dayMs
  for (const warning of setup.warnings) log.warn({ warning }, 'setup.warning')
  if (setup.targets.length === 0)
    log.warn('no endpoint: alarms are kept and nobody is told; set GATEHOUSE_DISPATCH_URL or endpoints in the registry')

  const lock = lockDataDir(config.dataDir)
  const keys = pseudonymKeys(config)
  const tokens = new Tokens({
    config,
    log,
    showToken: options.showToken,
    audit: line => auditing.write(line),
  })

  const file = join(config.dataDir, 'journal.sqlite')
  // The API is half of the code: it is loaded while the storage threads start.
  const [database, { createApi }] = await Promise.all([openDatabase(file, options.onLost), import('./api/server.ts')])
  const { read, write } = database
  const consumers = ['alarms', ...(config.influx === undefined ? [] : ['influx'])]
  for (const consumer of consumers) await write.call('enroll', consumer)
  const auditing = await startAuditing({ database, clock, log, version: options.version })
  const pseudonymVersions = await startMasking({ database, keys, clock, log })
  const masking = createMasking(pseudonymVersions)
  await cancelUnknown(write, inForce.targets, log)

  const counts = { stored: 0, duplicate: 0, rejected: 0 }
  const presence = new Presence()
  const maintenance = new Maintenance(await read.call('maintenance', clock() - rememberedMs))
  const metrics = createMetrics({
    counts,
    connections: () => presence.connectedCount,
    journalQueued: () => journal.queued,
    openAlarms: () => desk.openAlarms().length,
    influx: () => influx?.state(),
    disk: () => disk.state(),
    lag: () => read.call('lag', { consumers, now: clock() }),
    log,
  })

  const indications = new Indications()
  const alarming = await createAlarming({
    database,
    inForce,
    maintenance,
    metrics,
    masking,
    clock,
    steady: time.steady,
    newId,
    log,
    onStep: (alarm, line) => {
      stream.alarm(alarm, line)
      if (indications.isNew(alarm, line)) broker.indicate(alarm, line.at)
      if (line.what === 'raised' && alarm.mode === 'test') supervision.tested(alarm.site.id, clock())
    },
  })
  const { outbox, announce, deliverer, recent, desk } = alarming
  if (database.walDamage !== undefined) announce(faults.walDamaged(database.walDamage))
  if (auditing.broken !== undefined) announce(faults.auditBroken(auditing.broken))

  const stream = new Stream({ clock, openAlarms: desk.openAlarms })
  const supervision = await startSupervision({
    read,
    registry: inForce.registry,
    maintenance,
    clock,
    log,
    onPresence: (device, presence) => stream.presence(device, presence),
    onReport: (report, now) => outbox.say(silenceMessage(newId(), report, inForce.registry, now, inForce.told(0))),
    onFault: announce,
  })

  const journal = new AppendQueue(write, {
    onStored(publishes, outcomes) {
      let alarm = false
      for (const [index, publish] of publishes.entries()) {
        const { result, seq } = outcomes[index]!
        counts[result]++
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
    onHeard: supervision.heard,
    onFailure: error => log.error({ err: error.message }, 'journal.failing'),
  })

  const room = new Room(journal, monotonicMs)
  const disk = startDiskWatching({
    dir: config.dataDir,
    database,
    room,
    progress: () => ({ queued: journal.queued, answered: counts.stored + counts.duplicate + counts.rejected }),
    inForce,
    say: message => outbox.say(message),
    clock,
    newId,
    log,
    onLost: options.onLost,
  })

  const influx =
    config.influx &&
    startInfluxConsumer({
      data: {
        file,
        settings: config.influx,
        pseudonymVersions,
        logLevel: config.logLevel,
        writePort: database.writePort(),
      },
      onLost: options.onLost,
      onQuarantined: (count, reason) =>
        announce(reason === damagedReason ? faults.entriesDamaged(count) : faults.pointsQuarantined(count, reason)),
    })

  const certificates = setup.certificates && new Certificates(setup.certificates, { log, clock })
  const broker = new Broker({
    journal: room,
    registry: () => inForce.registry,
    clock,
    log,
    retentionMs,
    maxPayloadBytes: config.mqtt.maxPayloadBytes,
    limits: config.mqtt.limits,
    onSeen: supervision.seen,
    onConnected: (device, connected) => presence.setConnected(device, connected),
    onWantsCommands: device => {
      for (const alarm of indications.of(device, desk.openAlarms())) broker.indicate(alarm, iso(clock()))
    },
  })

  const reloading = new Reloading({
    config,
    inForce,
    write,
    supervision,
    deliverer,
    broker,
    desk,
    say: message => outbox.say(message),
    audit: auditing.write,
    clock,
    newId,
    log,
  })

  let damage: string | undefined
  const api = await createApi({
    secure: certificates,
    upgrade: broker.webSocket,
    log,
    clock,
    newId,
    version: options.version,
    tokens: tokens.inForce,
    onRefused: ({ caller, why, address }) => auditing.refused({ what: 'api.refused', subject: caller, why, address }),
    metrics: metrics.registry,
    // Public at /readyz: in the gateway's words, since SQLite's may name a path.
    checks: {
      journal: () => damage ?? disk.trouble() ?? (journal.failure && 'events can not be written to disk; see the log'),
    },
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
    ...commands(write, {
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
    stats: {
      stats: async () => ({ ...(await database.lists.call('stats', consumers)), connections: presence.connectedCount }),
    },
  })

  tokens.watch()
  deliverer.start()
  desk.start()
  const timekeeping = keepTime({
    time,
    desk,
    moved: byMs => {
      supervision.clockMoved(byMs)
      maintenance.clockMoved(byMs)
    },
    announce,
    log,
  })
  const { steadyForMs } = timekeeping
  const retention = startRetention({ write, clock, log, retentionMs, consumers, steadyForMs })
  const mqttPort = await broker.open(config.mqtt.host, config.mqtt.port)
  const mqttsPort = certificates && (await broker.open(config.mqtts.host, config.mqtts.port, certificates))
  const httpPort = await api.listen(config.http)
  log.info(
    {
      mqttPort,
      ...(mqttsPort !== undefined && { mqttsPort }),
      httpPort,
      durationMs: Math.round(elapsedSince(options.startedMs)),
      influx: config.influx !== undefined,
      endpoints: inForce.endpointIds(),
    },
    'ready',
  )

  // Large files are checked while the gateway runs (sqlite/open.ts): a start must not wait for it.
  database
    .keep(found => {
      damage = found
      announce(faults.damaged(found))
    })
    .catch(error => log.error({ err: messageOf(error) }, 'journal.unchecked'))

  return {
    mqttPort,
    httpPort,
    reload() {
      certificates?.reload()
      reloading.reload('signal').catch(error => log.error({ err: messageOf(error) }, 'registry.unfinished'))
    },
    async stop() {
      await reloading.stop()
      tokens.stop()
      certificates?.stop()
      broker.stopTaking()
      disk.stop()
      room.refuseKept()
      database.holdNothing()
      await journal.drained()
      await broker.end()
      await api.close()
      retention.stop()
      timekeeping.stop()
      supervision.stop()
      await outbox.stop()
      // Side by side: an endpoint that hangs and an InfluxDB that hangs are each waited for.
      await Promise.all([deliverer.stop().then(() => desk.stop()), influx?.stop()])
      await auditing.stop()
      await database.close()
      lock.release()
      metrics.stop()
      log.info('stopped')
    },
  }
}
