import type { PublishPacket } from 'aedes'
import type { Acted, Action } from '../../gateway/alarms/action.ts'
import type { DueDelivery } from '../../gateway/alarms/delivery.ts'
import type { Desk } from '../../gateway/alarms/desk.ts'
import { createOnce } from '../../gateway/api/once.ts'
import { type Clock, GatewayClock } from '../../gateway/clock.ts'
import { Maintenance, rememberedMs } from '../../gateway/devices/maintenance.ts'
import { Room } from '../../gateway/disk/room.ts'
import { createMasking } from '../../gateway/journal/versions.ts'
import { silentLog } from '../../gateway/log.ts'
import { Intake } from '../../gateway/mqtt/intake.ts'
import type { Session } from '../../gateway/mqtt/session.ts'
import { AppendQueue } from '../../gateway/sqlite/append-queue.ts'
import type { Database } from '../../gateway/sqlite/database.ts'
import { createAlarming } from '../../gateway/wiring/alarming.ts'
import { startAuditing } from '../../gateway/wiring/auditing.ts'
import { FirstWrites } from '../../gateway/wiring/first-writes.ts'
import { cancelUnknown, startRetention } from '../../gateway/wiring/housekeeping.ts'
import { startMasking } from '../../gateway/wiring/masking.ts'
import { keepTime } from '../../gateway/wiring/timekeeping.ts'
import { startConsumers } from './consumers.ts'
import { steps } from './crash-points.ts'
import { createOffice, type Office } from './office.ts'
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
  office: Office
  stop(): Promise<void>
}
export type Connection = {
  life: Life
  clock: Clock
  /** Ids that were published over it and have no PUBACK yet, in their order. */
  sent: string[]
  /** `isStrict`: as a gateway of before, which knew less and refused it. */
  take(packet: PublishPacket, isStrict: boolean, done: (error?: Error) => void): void
}

const consumers = ['alarms', 'influx']
/** Why a gateway of before refused it. */
export const notKnownYet = 'not known yet'

export async function startSimulated(world: World, life: Life): Promise<SimulatedGateway> {
  const { universe, inForce, retentionMs, ledger, passed } = world
  const log = silentLog
  const time = new GatewayClock({ wallMs: world.wallMs, monotonicMs: () => universe.now })
  const clock = time.now
  const storage = startStorage(world, life)
  const { read, write } = storage
  passed(steps.opened)
  const database = storage as Pick<Database, 'read' | 'write' | 'lists' | 'emptyLog'> as Database
  const firstWrites = new FirstWrites(world.dir, log)
  for (const consumer of consumers) await write.call('enroll', consumer)
  const auditing = await startAuditing({ database, firstWrites, clock, log, version: 'simulated' })
  void auditing.broken.then(broken => broken !== undefined && ledger.fail(`audit: ${broken}`))
  const keys = [Buffer.from('a key')]
  const masking = createMasking(await startMasking({ database, firstWrites, keys, clock, log }))
  await firstWrites.write('cancelled deliveries', () => cancelUnknown(write, inForce.targets, log))
  const maintenance = new Maintenance(await read.call('maintenance', clock() - rememberedMs))
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
    onPassed: upTo => journal.passed(upTo),
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
        if ('kind' in publish && publish.kind === 'alarm') room.stored(publish)
        if (result !== 'stored' || 'reason' in publish) continue
        const { device, kind, at, receivedAt, payload } = publish
        recent.add(publish.site, { seq, device, kind, at, receivedAt, payload })
        alarm ||= publish.kind === 'alarm'
      }
      if (alarm) desk.wake()
      influx.wake()
    },
    follow: publishes => desk.follow(publishes),
    pacesAlarms: true,
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
  const influx = startConsumers(world, life, masking, storage.writePort())
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
      return {
        ...{ life, clock, sent: [] },
        take(packet, isStrict, done) {
          if (!isStrict) return intake.take(session, packet, false, done)
          const { topic, payload } = packet as { topic: string; payload: Buffer }
          const siteKind = inForce.site(site)?.kind ?? 'checkpoint'
          const came = { receivedAt: clock(), device, site, siteKind, payload, fromWill: false }
          room.append({ ...came, topic, reason: notKnownYet }, error => done(error ?? undefined))
        },
      }
    },
    office: createOffice({ database, world, alarming, maintenance, masking, journal: room, clock }),
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
      // As wiring/storing.ts stops.
      room.refuseKept()
      storage.holdNothing()
      await journal.drained()
      passed(steps.drained)
      firstWrites.stop()
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
