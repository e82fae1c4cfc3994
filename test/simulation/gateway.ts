import type { PublishPacket } from 'aedes'
import { createAlarming } from '../../gateway/alarming.ts'
import type { Acted, Action } from '../../gateway/alarms/action.ts'
import type { DueDelivery } from '../../gateway/alarms/delivery.ts'
import type { Desk } from '../../gateway/alarms/desk.ts'
import { createOnce } from '../../gateway/api/once.ts'
import { startAuditing } from '../../gateway/auditing.ts'
import { type Clock, GatewayClock } from '../../gateway/clock.ts'
import { Maintenance } from '../../gateway/devices/maintenance.ts'
import { Room } from '../../gateway/disk/room.ts'
import { cancelUnknown, startRetention } from '../../gateway/housekeeping.ts'
import { startConsumer } from '../../gateway/journal/consumer.ts'
import type { ConsumerSource } from '../../gateway/journal/journal.ts'
import { createMasking } from '../../gateway/journal/versions.ts'
import { silentLog } from '../../gateway/log.ts'
import { startMasking } from '../../gateway/masking.ts'
import { Intake } from '../../gateway/mqtt/intake.ts'
import type { Session } from '../../gateway/mqtt/session.ts'
import { AppendQueue } from '../../gateway/sqlite/append-queue.ts'
import type { Database } from '../../gateway/sqlite/database.ts'
import { journalReader } from '../../gateway/sqlite/journal-reader.ts'
import { keepTime } from '../../gateway/timekeeping.ts'
import { steps } from './crash-points.ts'
import { startStorage } from './storage.ts'
import type { Life } from './universe.ts'
import type { World } from './world.ts'

/**
 * The gateway's own parts, wired as gateway.ts wires them, without sockets: the journal and its intake, desk, deliveries, the Influx
 * consumer, the clock, retention, the audit log. What it stands on (threads, disk, network, time) is simulated.
 */
export type SimulatedGateway = {
  life: Life
  journal: AppendQueue
  room: Room
  desk: Desk<DueDelivery>
  clock: Clock
  trouble(): string | undefined
  connect(device: string, site: string): Connection
  act(alarm: string, action: Action, key: string): Promise<Acted | 'replayed' | undefined>
  stop(): Promise<void>
}
export type Connection = {
  life: Life
  clock: Clock
  /** Ids that were published over it and have no PUBACK yet, in their order. */
  sent: string[]
  take(packet: PublishPacket, done: (error?: Error) => void): void
}

const consumers = ['alarms', 'influx']
export const consumerBatch = 50

export async function startSimulated(world: World, life: Life): Promise<SimulatedGateway> {
  const { universe, inForce, retentionMs, ledger, passed } = world
  const log = silentLog
  const time = new GatewayClock({ wallMs: world.wallMs, monotonicMs: () => universe.now })
  const clock = time.now
  const storage = startStorage(world, life)
  const { read, write } = storage
  passed(steps.opened)
  const database = { read, write } as Pick<Database, 'read' | 'write'> as Database
  for (const consumer of consumers) await write.call('enroll', consumer)
  const auditing = await startAuditing({ database, clock, log, version: 'simulated' })
  if (auditing.broken !== undefined) ledger.fail(`audit: ${auditing.broken}`)
  const masking = createMasking(await startMasking({ database, keys: [Buffer.from('a key')], clock, log }))
  await cancelUnknown(write, inForce.targets, log)
  const maintenance = new Maintenance([])
  const alarming = await createAlarming({
    database,
    inForce,
    maintenance,
    metrics: { attempts: { inc() {} }, deliverySeconds: { observe() {} } } as never,
    masking,
    clock,
    steady: time.steady,
    newId: world.newId,
    log,
    poster: {
      post: (url, headers, body, timeoutMs) => world.endpointAt(url).post(life, headers, body, timeoutMs),
      close() {},
    },
    onStep(alarm, line) {
      if (life.alive) world.stepped(alarm, line)
    },
  })
  const { outbox, announce, deliverer, recent, desk } = alarming

  const journal = new AppendQueue(write, {
    onStored(publishes, outcomes) {
      let alarm = false
      for (const [index, publish] of publishes.entries()) {
        const { result, seq } = outcomes[index]!
        if (result !== 'stored' || 'reason' in publish) continue
        const { device, kind, at, receivedAt, payload } = publish
        recent.add(publish.site, { seq, device, kind, at, receivedAt, payload })
        alarm ||= publish.kind === 'alarm'
      }
      if (alarm) desk.wake()
      influx.wake()
    },
  })
  const room = new Room(journal, () => universe.now)
  const intake = new Intake({
    journal: room,
    registry: () => inForce.registry,
    clock,
    retentionMs,
    maxPayloadBytes: 65_536,
    onSeen() {},
    sendAck(topic, ack) {
      if (life.alive) world.device(topic.split('/')[3] as string).told(ack)
    },
  })
  const reader = journalReader(world.disk.reader)
  const influxWrite = storage.writePort()
  const source: ConsumerSource = {
    cursor: async () => reader.cursor('influx'),
    read: async (after, limit) => reader.read(after, limit),
    commit: async progress => await influxWrite.call('advance', { consumer: 'influx', progress }),
  }
  const influx = startConsumer({
    name: 'influx',
    source,
    take: entries => world.influx.take(life, entries),
    batchSize: consumerBatch,
    concurrency: 2,
    log,
    clock: () => universe.now,
  })
  const once = createOnce<Acted | undefined>({ receipt: of => read.call('receipt', of) })
  deliverer.start()
  desk.start()
  const timekeeping = keepTime({
    time,
    desk,
    moved(byMs) {
      maintenance.clockMoved(byMs)
      if (life.alive) world.clockAdopted(byMs)
    },
    announce,
    log,
  })
  const retention = startRetention({
    ...{ write, clock, log, retentionMs, consumers, steadyForMs: timekeeping.steadyForMs },
  })
  passed(steps.ready)

  return {
    life,
    journal,
    room,
    desk,
    clock,
    trouble: storage.trouble,
    connect(device, site) {
      const session = {
        identity: { role: 'device', device, site, prefix: `gh/v1/${site}/${device}` },
        reader: { began() {}, ended() {} },
        ackTopic: `gh/v1/${site}/${device}/ack`,
      } as unknown as Session
      return { life, clock, sent: [], take: (packet, done) => intake.take(session, packet, false, done) }
    },
    async act(alarm, action, key) {
      const caller = 'console'
      const receipt = { caller, key, request: JSON.stringify([alarm, action]) }
      const result = await once(receipt, async () => {
        const acted = await desk.act(alarm, action, caller, receipt)
        return acted !== undefined && 'alarm' in acted
          ? { done: acted, answer: JSON.stringify(acted.alarm) }
          : { done: acted }
      })
      if (result === 'other') throw new Error(`${key} stands for another request`)
      return 'done' in result ? result.done : 'replayed'
    },
    async stop() {
      intake.stopTaking()
      passed(steps.stopping)
      room.refuseKept()
      storage.holdNothing()
      await journal.drained()
      passed(steps.drained)
      retention.stop()
      timekeeping.stop()
      await outbox.stop()
      await Promise.all([deliverer.stop().then(() => desk.stop()), influx.stop()])
      passed(steps.toldAll)
      await auditing.stop()
      await storage.settled()
    },
  }
}
