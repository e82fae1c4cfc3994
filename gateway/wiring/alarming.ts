import type { Alarm } from '../../schemas/alarm.ts'
import type { Fault } from '../../schemas/webhook.ts'
import { planFor } from '../alarms/deadlines.ts'
import { Desk } from '../alarms/desk.ts'
import { FaultLimit } from '../alarms/fault-limit.ts'
import { faults } from '../alarms/faults.ts'
import { faultMessage } from '../alarms/message.ts'
import { Outbox } from '../alarms/outbox.ts'
import { RecentEvents, summarize } from '../alarms/recent.ts'
import type { NamedTarget } from '../alarms/targets.ts'
import type { Clock } from '../clock.ts'
import type { Maintenance } from '../devices/maintenance.ts'
import type { InForce } from '../in-force.ts'
import { maskData } from '../journal/pseudonym.ts'
import type { Masking } from '../journal/versions.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Database } from '../sqlite/database.ts'
import { Deliverer, type DelivererOptions, type Target } from '../webhook/deliver.ts'
import { signingKeys } from '../webhook/signature.ts'

/** The wiring of what becomes of alarm events: the desk decides, the deliverer tells the endpoints, faults go the same way. */
const deskWindow = 20_000
/** Of each start: what an alarm that comes at once has for its context. */
const recentAtStart = 2000

export const deliveryTargets = (targets: readonly NamedTarget[]): Target[] =>
  targets.map(({ id, url, secret }) => ({ id, url, keys: signingKeys(secret) }))

export async function createAlarming(options: {
  database: Database
  inForce: InForce
  maintenance: Maintenance
  metrics: Pick<Metrics, 'attempts' | 'deliverySeconds'>
  masking: Masking
  clock: Clock
  /** Never set. */
  steady: Clock
  newId: () => string
  log: Log
  /** How messages are posted; over HTTP where nothing is given. */
  poster?: NonNullable<DelivererOptions['poster']>
  /** Up to this number the desk has followed every alarm event. */
  onPassed: (upTo: number) => void
  /** After it is on disk: what happened to an alarm, in order. */
  onStep: (alarm: Alarm, line: Alarm['history'][number]) => void
}) {
  const { inForce, maintenance, metrics, masking, clock, steady, newId, log } = options
  const { read, write } = options.database

  const outbox = new Outbox({
    store: message => write.call('createMessage', message),
    onDue: due => deliverer.offer(due),
    log,
  })
  const faultLimit = new FaultLimit()
  const announce = (shown: Fault) => {
    // Each alarm event that could not be followed is told of; what else goes on is told of once in a while.
    const fault = shown.code === 'alarm-quarantined' ? shown : faultLimit.take(shown, steady())
    if (fault === undefined) return
    log.error(fault, 'gateway.fault')
    // For the endpoints other than the one it is about.
    const others = inForce.endpointIds().filter(id => id !== fault.subject)
    outbox.say(faultMessage(newId(), fault, clock(), others))
  }

  const deliverer = new Deliverer({
    store: { due: query => read.call('due', query), failed: attempt => write.call('deliveryFailed', attempt) },
    targets: deliveryTargets(inForce.targets),
    clock,
    random: Math.random,
    log,
    settle: settled => desk.settle(settled),
    onRefusing: (endpoint, status) => announce(faults.refusing(endpoint, status)),
    onFailing: (endpoint, error) => announce(faults.failing(endpoint, error)),
    onClockDiffers: (endpoint, aheadMs) => announce(faults.clockDiffers(endpoint, aheadMs)),
    onAttempt(endpoint, attempt, sinceCreatedMs) {
      metrics.attempts.inc({ endpoint, result: attempt.delivered ? 'delivered' : 'failed' })
      if (attempt.delivered) metrics.deliverySeconds.observe({ endpoint }, sinceCreatedMs / 1000)
    },
    ...(options.poster && { poster: options.poster }),
  })

  const recent = new RecentEvents((kind, payload, seq) =>
    summarize(maskData(kind, JSON.parse(payload), masking.of(seq).pseudonym)),
  )
  const lately = await read.call('events', {
    before: Number.MAX_SAFE_INTEGER,
    limit: recentAtStart,
    window: recentAtStart,
  })
  for (const { site, ...entry } of lately.entries.reverse()) recent.add(site, entry)

  const desk = new Desk({
    cursor: await read.call('cursor', 'alarms'),
    open: await read.call('openAlarms', undefined),
    store: {
      readAlarms: (after, limit) => read.call('readAlarms', { after, limit, window: deskWindow }),
      commit: change => write.call('commitDesk', change),
    },
    site: id => inForce.registry.site(id),
    device: id => inForce.registry.device(id),
    endpoints: inForce.told,
    plan: alarm => planFor(inForce.registry.deadlines, alarm),
    isMaintained: maintenance.covers,
    recent: (entry, now) => recent.of(entry.site, entry.seq, now),
    clock,
    newId,
    log,
    pseudonym: masking.current.pseudonym,
    onDue: due => deliverer.offer(due),
    onQuarantined: quarantined => announce(faults.alarmsQuarantined(quarantined)),
    onPassed: options.onPassed,
    onStep: options.onStep,
  })

  return { outbox, announce, deliverer, recent, desk }
}
