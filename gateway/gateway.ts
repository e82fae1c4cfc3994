import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { faults } from './alarms/faults.ts'
import { Indications } from './alarms/indications.ts'
import { silenceMessage } from './alarms/silence-message.ts'
import { Stream } from './alarms/stream.ts'
import { Certificates } from './certificates/certificates.ts'
import { elapsedSince, GatewayClock, iso, type TimeSource } from './clock.ts'
import { Maintenance, rememberedMs } from './devices/maintenance.ts'
import { Presence } from './devices/presence.ts'
import { messageOf } from './errors.ts'
import { InForce } from './in-force.ts'
import { damagedReason } from './journal/journal.ts'
import { createMasking } from './journal/versions.ts'
import type { Log } from './log.ts'
import { Broker } from './mqtt/broker.ts'
import { pseudonymKeys } from './pseudonym-keys.ts'
import type { Setup } from './setup.ts'
import { openDatabase } from './sqlite/database.ts'
import { lockDataDir } from './sqlite/lock.ts'
import { Tokens } from './tokens/tokens.ts'
import { createAlarming } from './wiring/alarming.ts'
import { startAuditing } from './wiring/auditing.ts'
import { createCondition } from './wiring/condition.ts'
import { FirstWrites } from './wiring/first-writes.ts'
import { cancelUnknown, startRetention } from './wiring/housekeeping.ts'
import { startInfluxConsumer } from './wiring/influx-consumer.ts'
import { startMasking } from './wiring/masking.ts'
import { startMeasuring } from './wiring/measuring.ts'
import { Reloading } from './wiring/reloading.ts'
import { startApi } from './wiring/serving.ts'
import { startStoring } from './wiring/storing.ts'
import { startSupervision } from './wiring/supervising.ts'
import { keepTime } from './wiring/timekeeping.ts'

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

  const firstWrites = new FirstWrites(config.dataDir, log)
  const file = join(config.dataDir, 'journal.sqlite')
  // The API is half of the code: it is loaded while the storage threads start.
  const opening = firstWrites.open(() => openDatabase(file, options.onLost))
  const [database, { createApi }] = await Promise.all([opening, import('./api/server.ts')])
  const { read, write } = database
  const consumers = ['alarms', ...(config.influx === undefined ? [] : ['influx'])]
  for (const consumer of consumers) await write.call('enroll', consumer)
  const auditing = await startAuditing({ database, firstWrites, clock, log, version: options.version })
  const pseudonymVersions = await startMasking({ database, firstWrites, keys, clock, log })
  const masking = createMasking(pseudonymVersions)
  await firstWrites.write('cancelled deliveries', () => cancelUnknown(write, inForce.targets, log))

  const counts = { stored: 0, duplicate: 0, rejected: 0 }
  const presence = new Presence()
  const maintenance = new Maintenance(await read.call('maintenance', clock() - rememberedMs))
  const metrics = startMeasuring({
    ...{ database, consumers, counts, presence, inForce, clock, log },
    later: () => ({ broker, journal, disk, desk, influx, supervision, certificates }),
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
    onPassed: upTo => journal.passed(upTo),
    onStep: (alarm, line) => {
      stream.alarm(alarm, line)
      if (indications.isNew(alarm, line)) broker.indicate(alarm, line.at)
      if (line.what === 'raised' && alarm.mode === 'test') supervision.tested(alarm.site.id, clock())
    },
  })
  const { outbox, announce, deliverer, recent, desk } = alarming
  if (database.walDamage !== undefined) announce(faults.walDamaged(database.walDamage))
  void auditing.broken.then(broken => broken !== undefined && announce(faults.auditBroken(broken)))

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

  const storing = startStoring({
    dir: config.dataDir,
    database,
    inForce,
    counts,
    onEvent: (site, event) => recent.add(site, event),
    onAlarm: () => desk.wake(),
    follow: publishes => desk.follow(publishes),
    onStored: () => influx?.wake(),
    onHeard: supervision.heard,
    say: message => outbox.say(message),
    clock,
    newId,
    log,
    onLost: options.onLost,
  })
  const { journal, disk } = storing

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
    journal: storing.room,
    registry: () => inForce.registry,
    clock,
    log,
    retentionMs,
    ...config.mqtt,
    onSeen: supervision.seen,
    onRefused: ({ device = null, why, address }) =>
      auditing.refused({ what: 'login.refused', subject: device, why, address }),
    yields: () => journal.yields,
    onFlooding: device => announce(faults.flooding(device)),
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
  const trouble = () =>
    damage ?? disk.trouble() ?? (journal.failure && 'events can not be written to disk; see the log')
  const api = await startApi({
    createApi,
    options: { secure: certificates, upgrade: broker.webSocket, log, clock, newId, version: options.version },
    ready: trouble,
    condition: createCondition({
      ...{ database, consumers, inForce, trouble, journal, disk, influx, presence, broker, metrics, clock },
    }),
    database,
    consumers,
    inForce,
    retentionMs,
    counts,
    ...{
      alarming,
      auditing,
      broker,
      journal,
      maintenance,
      masking,
      metrics,
      presence,
      reloading,
      stream,
      supervision,
      tokens,
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
      broker.stopTaking()
      reloading.stop()
      tokens.stop()
      certificates?.stop()
      await storing.stop()
      await broker.end()
      await api.close()
      firstWrites.stop()
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
