import type { Fault } from '../../schemas/webhook.ts'
import { faultMessage, type Message } from '../alarms/message.ts'
import { type Clock, monotonicMs } from '../clock.ts'
import type { Room } from '../disk/room.ts'
import { alarmUnstored, recovered } from '../disk/trouble.ts'
import { DiskWatch } from '../disk/watch.ts'
import { OperationalError } from '../errors.ts'
import type { InForce } from '../in-force.ts'
import type { Publish } from '../journal/journal.ts'
import type { Log } from '../log.ts'
import type { Database } from '../sqlite/database.ts'
import { signingKeys } from '../webhook/signature.ts'
import { UnstoredSender } from '../webhook/unstored.ts'

/**
 * The wiring of the disk's watch: who hears that the disk is full or fails, and of presses that it can't store. Deliveries are
 * rows on that same disk, so while it takes nothing they are told from memory.
 */
const repeatMs = 10 * 60_000
/** A disk that comes and goes is told of so often at the most. */
const restMs = 30_000
const goneTimeoutMs = 3000

export function startDiskWatching(options: {
  dir: string
  database: Database
  room: Room
  progress: () => { queued: number; answered: number }
  inForce: InForce
  say: (message: Message) => void
  clock: Clock
  newId: () => string
  log: Log
  onLost: (error: Error) => void
}) {
  const { dir, database, room, progress, inForce, say, clock, newId, log, onLost } = options
  const sender = new UnstoredSender({
    targets: () => inForce.targets.map(({ id, url, secret }) => ({ id, url, keys: signingKeys(secret) })),
    clock,
    log,
  })
  const messageOf = (fault: Fault) => {
    log.error(fault, 'gateway.fault')
    return faultMessage(newId(), fault, clock(), inForce.endpointIds())
  }
  /** By code, `monotonicMs`. */
  const toldAt = new Map<string, number>()
  let lasting: string | undefined
  let gone = false
  /** Of those that still wait, so bounded as they are. */
  let toldAlarms: ReadonlySet<string> = new Set()

  function tell(fault: Fault): void {
    const sinceMs = monotonicMs() - (toldAt.get(fault.code) ?? Number.NEGATIVE_INFINITY)
    if (sinceMs < (lasting === fault.code ? repeatMs : restMs)) return
    lasting = fault.code
    toldAt.set(fault.code, monotonicMs())
    const message = messageOf(fault)
    if (fault.code === 'journal-gone') void end(message, fault)
    else if (database.trouble() === undefined && fault.code === 'disk-nearly-full') say(message)
    else void sender.send(message)
  }

  /** What was deleted can't come back under an open file: whatever is written from here on is lost with the process. */
  async function end(message: Message, fault: Fault): Promise<void> {
    if (gone) return
    gone = true
    const late = new Promise(resolve => setTimeout(resolve, goneTimeoutMs))
    await Promise.race([sender.send(message), late])
    onLost(new OperationalError(fault.code, fault.message, { retryable: false }))
  }

  function tellAlarm(publish: Publish): void {
    const { registry } = inForce
    const names = {
      site: registry.site(publish.site)?.name ?? publish.site,
      device: registry.device(publish.device)?.name ?? publish.device,
    }
    void sender.send(messageOf(alarmUnstored(publish, names)))
  }

  const watch = new DiskWatch({
    dir,
    room,
    failure: database.trouble,
    progress,
    nowMs: monotonicMs,
    log,
    onTrouble(fault, lastedMs) {
      if (fault !== undefined) tell(fault)
      else if (lasting !== undefined) {
        lasting = undefined
        say(messageOf(recovered(lastedMs)))
      }
    },
    onWaitingAlarms(alarms) {
      const told = new Set<string>()
      for (const { publish } of alarms) {
        const key = `${publish.device} ${'reason' in publish ? null : publish.id}`
        if (!toldAlarms.has(key) && !told.has(key)) tellAlarm(publish)
        told.add(key)
      }
      toldAlarms = told
    },
  })
  database.onHealth(failure => {
    if (failure === undefined) log.info('journal.recovered')
    else log.error({ code: failure.code, err: failure.message }, 'journal.failing')
    watch.heard()
  })
  watch.start()
  return {
    /** In words that may be shown to anybody; undefined: all is well. */
    trouble: (): string | undefined => watch.trouble()?.message,
    state: () => ({ isFailing: watch.trouble() !== undefined, level: room.level, freeBytes: watch.freeBytes }),
    stop(): void {
      watch.stop()
      sender.stop()
    },
  }
}
