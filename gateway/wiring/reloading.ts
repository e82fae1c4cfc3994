import type { RegistryReloaded } from '../../schemas/api.ts'
import type { Desk } from '../alarms/desk.ts'
import { alarmMessage, type Message } from '../alarms/message.ts'
import { neighboursOf } from '../alarms/neighbours.ts'
import type { NamedTarget } from '../alarms/targets.ts'
import type { AuditLine } from '../audit/line.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import { type RegistryChanges, registryChanges } from '../devices/registry-changes.ts'
import type { Told } from '../devices/supervision.ts'
import { messageOf } from '../errors.ts'
import type { InForce } from '../in-force.ts'
import type { Log } from '../log.ts'
import type { Broker } from '../mqtt/broker.ts'
import { type Again, readAgain } from '../setup.ts'
import type { Caller } from '../sqlite/database.ts'
import type { WriteProcedures } from '../sqlite/procedures.ts'
import type { Deliverer } from '../webhook/deliver.ts'
import { deliveryTargets } from './alarming.ts'
import { readdress } from './readdressing.ts'
import type { Supervising } from './supervising.ts'

/**
 * Another registry while the gateway runs. It is read aside and checked whole; then, in one step that waits for nothing, it is
 * in force everywhere: who may not connect is cut in that step, whatever the disk does. What is to be done on disk comes
 * behind, and nobody who reloads again waits for it.
 */
export type ReloadingOptions = {
  config: Config
  inForce: InForce
  write: Caller<WriteProcedures>
  supervision: Supervising
  deliverer: Deliverer
  broker: Broker
  desk: Pick<Desk<unknown>, 'openAlarms'>
  say: (message: Message) => void
  audit: (line: Omit<AuditLine, 'at'>) => Promise<void>
  clock: Clock
  newId: () => string
  log: Log
}
export type Outcome = RegistryReloaded | { mistakes: readonly string[] }

const nothingTold: Told = { devices: [], sites: [] }

export class Reloading {
  readonly #options: ReloadingOptions
  /** The one under way, and the one that begins behind it: whoever asks meanwhile is answered by that. */
  #running: Promise<unknown> | undefined
  #next: Promise<Outcome> | undefined
  #stopping = false

  constructor(options: ReloadingOptions) {
    this.#options = options
  }

  /** `by`: who asked for it, for log and audit. Rejects where what follows could not be written; it is in force all the same. */
  reload(by: string): Promise<Outcome> {
    if (this.#next !== undefined) return this.#next
    if (this.#running === undefined) return this.#begin(by)
    this.#next = this.#running.then(() => {
      this.#next = undefined
      return this.#begin(by)
    })
    return this.#next
  }

  /** Begins none any more; one that is still being read will not be in force. */
  stop(): void {
    this.#stopping = true
  }

  #begin(by: string): Promise<Outcome> {
    const taken = this.#take()
    // Nobody waits for a disk to be able to cut a stolen device.
    this.#running = taken.then(
      () => this.#ended(),
      () => this.#ended(),
    )
    return taken.then(result => this.#follow(by, result))
  }

  #ended(): void {
    this.#running = undefined
  }

  /** Reads, and puts in force. */
  async #take(): Promise<Taken | { mistakes: string[] }> {
    const { config, inForce, supervision, deliverer, broker, clock, log } = this.#options
    const again: Again = await readAgain(config)
    if ('mistakes' in again) return again
    const told = await supervision.told().catch(error => {
      log.error({ err: messageOf(error) }, 'registry.told-unknown')
      return nothingTold
    })
    if (this.#stopping) return { mistakes: ['the gateway is stopping'] }
    const before = { registry: inForce.registry, targets: inForce.targets }
    inForce.replace(again)
    supervision.replace(again.registry, told)
    deliverer.retarget(deliveryTargets(again.targets))
    const cut = broker.cutStrangers()
    return {
      ...again,
      before: before.targets,
      changes: registryChanges(before.registry, again.registry),
      cut,
      at: clock(),
    }
  }

  async #follow(by: string, taken: Taken | { mistakes: string[] }): Promise<Outcome> {
    const { log, audit } = this.#options
    if ('mistakes' in taken) {
      log.error({ by, mistakes: taken.mistakes }, 'registry.refused')
      await audit({ by, what: 'registry.refused', subject: null, details: { mistakes: taken.mistakes.length } })
      return taken
    }
    const { changes, cut, warnings } = taken
    log.info({ by, ...changes, cut }, 'registry.reloaded')
    for (const warning of warnings) log.warn({ warning }, 'setup.warning')
    if (taken.targets.length === 0) log.warn('no endpoint is left: alarms are kept and nobody is told')
    const { before, targets, at } = taken
    await readdress({ before, targets }, this.#options)
    const old = new Set(before.map(({ id }) => id))
    this.#tellOfUndelivered(new Set(targets.filter(({ id }) => !old.has(id)).map(({ id }) => id)), at)
    await audit({ by, what: 'registry.loaded', subject: null, details: { ...flat(changes), cut } })
    return { ...changes, cut, warnings }
  }

  /**
   * Nobody has been told yet of an alarm that is still `raised`, and who was to be told may just have left: a new endpoint is
   * told of it as if it had been there when it was raised. Those raised since are its already.
   */
  #tellOfUndelivered(added: ReadonlySet<string>, at: number): void {
    const { desk, inForce, say, newId, clock } = this.#options
    if (added.size === 0) return
    const open = desk.openAlarms()
    for (const alarm of open) {
      if (alarm.stage !== 'raised' || Date.parse(alarm.receivedAt) > at) continue
      const endpoints = inForce.told(alarm.escalationLevel).filter(id => added.has(id))
      const told = { ...alarm, neighbours: neighboursOf(alarm, open) }
      say(alarmMessage(newId(), 'alarm.raised', told, clock(), endpoints))
    }
  }
}

type Taken = Exclude<Again, { mistakes: string[] }> & {
  before: readonly NamedTarget[]
  changes: RegistryChanges
  cut: number
  at: number
}

/** `sitesAdded: 1, …`: a line of the audit log holds plain values. */
const flat = (changes: RegistryChanges): Record<string, number> =>
  Object.fromEntries(
    Object.entries(changes).flatMap(([list, counts]) =>
      Object.entries(counts).map(([what, count]) => [`${list}${what[0]?.toUpperCase()}${what.slice(1)}`, count]),
    ),
  )
