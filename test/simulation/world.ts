import { createHash } from 'node:crypto'
import { nextDue } from '../../gateway/alarms/deadlines.ts'
import type { DueDelivery } from '../../gateway/alarms/delivery.ts'
import { Registry } from '../../gateway/devices/registry.ts'
import { InForce } from '../../gateway/in-force.ts'
import { deliveryReader } from '../../gateway/sqlite/deliveries.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import type { RegistryFile } from '../../schemas/registry.ts'
import { Chance } from './chance.ts'
import { at, ownWrites, type Stage } from './crash-points.ts'
import { Device } from './device.ts'
import { Disk } from './disk.ts'
import { Endpoint } from './endpoint.ts'
import { type SimulatedGateway, startSimulated } from './gateway.ts'
import { Influx } from './influx.ts'
import { Ledger } from './ledger.ts'
import { Operators } from './operators.ts'
import { People } from './people.ts'
import { type Life, Universe } from './universe.ts'

/**
 * One gateway, its disk, and everybody around it. Crashes come here: `passed` is asked at each step that crash-points.ts lists,
 * and from the one that is planned on, nothing of the process has any effect: no message, no timer, no request, no commit.
 */
export type Line = { at: number; about: string; what: string; id: string }

const sites = [
  { id: 'school-01', kind: 'school', responseMinutes: 1 },
  { id: 'compound-01', kind: 'compound', responseMinutes: 3 },
] as const
const buttons = ['button-1', 'button-2', 'button-3']
const gates = ['gate-1', 'gate-2']
const targets = [
  { id: 'centre', level: 0 },
  { id: 'station', level: 0 },
  { id: 'duty', level: 1 },
]
const startMs = Date.UTC(2026, 8, 1)
/** Between a stamp and its being told: a commit that failed for a while. */
const longCommitMs = 50_000
/** Whoever writes has tried again by then. */
const retriedMs = 2500
export const dayMs = 24 * 60 * 60_000

export class World {
  readonly chance: Chance
  readonly universe: Universe
  readonly ledger = new Ledger()
  readonly disk: Disk
  readonly devices: Device[]
  readonly endpoints: Endpoint[]
  readonly influx: Influx
  readonly people: People
  readonly operators: Operators
  readonly dir: string
  readonly inForce: InForce
  readonly retentionMs = 2 * dayMs
  readonly idsMovedAtOnce: number
  readonly crashes = new Map<string, number>()
  readonly trace: Line[] | undefined
  gateway: SimulatedGateway | undefined
  /** How many points to die at were chosen. */
  doomed = 0
  stops = 0
  clockSteps = 0
  /** Where the gateway is to die: at these points, when they were passed so often. */
  readonly dooms = new Map<string, number>()
  /** Nothing goes wrong meanwhile. */
  isResting = false
  readonly seed: number
  readonly #digest = createHash('sha256')
  #setByMs = 0
  /** By how much the gateway's clock differs from what it would be, had nobody set any. */
  #shownByMs = 0
  #nextId = 1
  #lives = 0
  #downSince: number | undefined = 0
  /** Once there are tables. */
  #due: ReturnType<typeof deliveryReader> | undefined

  constructor(seed: number, dir: string, isTracing: boolean) {
    this.seed = seed
    this.dir = dir
    this.chance = new Chance(seed)
    this.universe = new Universe(this.chance)
    this.idsMovedAtOnce = this.chance.whole(2, 40)
    this.trace = isTracing ? [] : undefined
    this.disk = new Disk({
      ...{ dir, chance: this.chance, passed: this.passed, failed: this.#failed, idsMovedAtOnce: this.idsMovedAtOnce },
      now: () => this.universe.now,
      mayFail: () => !this.isResting,
    })
    this.devices = [...buttons, ...gates].map((id, index) => new Device(this, sites[index % 2]!.id, id))
    this.endpoints = targets.map(({ id, level }) => new Endpoint(this, id, level))
    this.influx = new Influx(this)
    this.people = new People(this)
    this.operators = new Operators(this)
    this.inForce = new InForce({
      registry: new Registry(registryOf(this.devices)),
      targets: targets.map(target => ({ ...target, url: `http://${target.id}/`, secret: 'secret' })),
    })
    this.universe.quietUntil = () => this.#quietUntil()
    this.universe.afterStep = () => this.#bury()
  }

  /** What the machine's clock shows. */
  wallMs = (): number => startMs + this.universe.now + this.#setByMs
  newId = (): string => `g-${this.#nextId++}`
  device = (id: string): Device => this.devices.find(device => device.id === id) as Device
  endpointAt = (url: string): Endpoint => this.endpoints.find(({ id }) => url.startsWith(`http://${id}/`)) as Endpoint

  say(about: string, what: string, id = ''): void {
    this.#digest.update(`${this.universe.now} ${about} ${what} ${id}\n`)
    this.trace?.push({ at: this.universe.now, about, what, id })
  }

  /** Of all that happened, and of what is on disk. Once, at the end. */
  digest(): string {
    this.#digest.update(this.disk.dump())
    return this.#digest.digest('hex').slice(0, 16)
  }

  passed = (point: string): void => {
    const left = this.dooms.get(point)
    if (left === undefined || this.isResting || this.universe.life?.alive !== true) return
    if (left > 1) this.dooms.set(point, left - 1)
    else this.crash(point)
  }

  /** From here on it is to die at this point; where a commit fails it lives on. */
  doom(point: string, times: number): void {
    const fails = `: ${'fails' satisfies Stage}`
    if (point.endsWith(fails)) this.disk.failing.add(point.slice(0, -fails.length))
    else this.dooms.set(point, times)
  }

  #failed = (write: string): void => {
    const point = at(write, 'fails')
    this.crashes.set(point, (this.crashes.get(point) ?? 0) + 1)
    this.ledger.trouble(this.universe.now, this.universe.now + retriedMs)
    // What is known may not be forgotten by that.
    if (write === ownWrites.ids) for (const device of this.devices) this.universe.plan(5000, () => device.sayAgain())
    this.say('disk', `fails (${write})`)
  }

  crash(point: string): void {
    const { life } = this.universe
    if (life?.alive !== true) return
    this.dooms.delete(point)
    life.alive = false
    this.crashes.set(point, (this.crashes.get(point) ?? 0) + 1)
    this.say('gateway', `dies (${point})`)
  }

  /** Begins a life; it takes devices once it is ready. */
  start(): void {
    const life: Life = { number: ++this.#lives, alive: true }
    this.universe.life = life
    this.say('gateway', 'starts')
    if (this.#setByMs !== this.#shownByMs) this.#loseTime()
    const { failed } = this.disk
    // The file can't be opened while its disk is sick: whoever keeps the service running starts it again.
    startSimulated(this, life).then(
      gateway => {
        if (!life.alive) return
        this.gateway = gateway
        this.#isUp()
        this.say('gateway', 'is ready')
        for (const device of this.devices) this.#reconnect(device)
      },
      error => {
        if (!life.alive) return
        if (this.disk.failed === failed) this.ledger.fail(`it does not start: ${error}`, 'gateway')
        life.alive = false
      },
    )
  }

  /** As SIGTERM does. */
  stop(): void {
    const { gateway } = this
    if (gateway === undefined) return
    this.stops++
    this.say('gateway', 'is stopped')
    this.gateway = undefined
    this.#isDown()
    gateway.stop().then(
      () => {
        gateway.life.alive = false
      },
      error => this.ledger.fail(`it does not stop: ${error}`, 'gateway'),
    )
  }

  /** A device's connection has ended; it comes again. */
  gone(device: Device): void {
    device.cut()
    this.#reconnect(device)
  }

  setClock(byMs: number): void {
    this.clockSteps++
    this.#setByMs += byMs
    this.say('clock', `is set by ${byMs / 1000} s`)
    this.ledger.trouble(this.universe.now, this.universe.now + 1000)
  }

  clockAdopted(byMs: number): void {
    this.#shownByMs += byMs
    this.ledger.shown.push({ since: this.universe.now, byMs: this.#shownByMs })
  }

  /**
   * The universe's time of what the gateway stamped `gatewayMs` not long before `seenAt`: its clock may have been set in
   * between. undefined: it can't be told.
   */
  toUniverse(gatewayMs: number, seenAt: number): number | undefined {
    const { shown } = this.ledger
    for (let index = shown.length - 1; index >= 0; index--) {
      const at = gatewayMs - startMs - shown[index]!.byMs
      if (at <= seenAt + 5 && at > seenAt - longCommitMs) return at
    }
    return undefined
  }

  stepped(alarm: Alarm, line: Alarm['history'][number]): void {
    if (line.what === 'closed') this.ledger.closedAt.set(alarm.id, this.universe.now)
    const known = this.ledger.stepped.get(alarm.id) ?? []
    known.push({ line, at: this.universe.now })
    this.ledger.stepped.set(alarm.id, known)
    this.say(alarm.id, `${line.what} by ${line.by ?? line.eventId}`, alarm.device.id)
  }

  /** After each step: whoever died in it is buried, and comes back some time. */
  #bury(): void {
    const { life } = this.universe
    if (life === undefined || life.alive) return
    this.universe.life = undefined
    this.gateway = undefined
    this.#isDown()
    this.disk.crash()
    for (const device of this.devices) device.cut()
    this.universe.plan(this.chance.within(200, 20_000), () => this.start())
  }

  #isDown(): void {
    this.#downSince ??= this.universe.now
  }

  #isUp(): void {
    // A moment more, for what has waited.
    this.ledger.trouble(this.#downSince ?? 0, this.universe.now + 500)
    this.#downSince = undefined
  }

  #reconnect(device: Device): void {
    const { life } = this.universe
    this.universe.plan(
      this.chance.within(20, 3000),
      () => {
        if (this.gateway !== undefined && !device.isConnected)
          device.connect(this.gateway.connect(device.id, device.site))
      },
      life,
    )
  }

  /** The clock was set, and no process lived that could follow: what was planned is at another time now. */
  #loseTime(): void {
    this.ledger.lostTime.push(this.universe.now)
    this.clockAdopted(this.#setByMs - this.#shownByMs)
  }

  /** When there is something to do again: a deadline, a delivery. Now, while anything waits for disk or endpoint. */
  #quietUntil(): number {
    const { gateway, universe } = this
    const { now } = universe
    if (gateway === undefined || this.disk.isSick || gateway.trouble() !== undefined || gateway.journal.queued > 0)
      return now
    if (this.#setByMs !== this.#shownByMs) return now
    const gatewayNow = gateway.clock()
    const deadline = nextDue(gateway.desk.openAlarms()) ?? Number.POSITIVE_INFINITY
    const endpoints = [...this.disk.pending()]
    if (endpoints.length === 0) return now + deadline - gatewayNow
    this.#due ??= deliveryReader(this.disk.reader)
    const found = this.#due.due({
      ...{ endpoints, now: gatewayNow, latest: Number.MAX_SAFE_INTEGER, limit: 10 },
    })
    const isWaiting = (due: DueDelivery) =>
      !this.endpoints.find(({ id }) => id === due.endpoint)?.isUnderWay(due.messageId)
    if (found.due.some(isWaiting)) return now
    return now + Math.min(deadline, found.nextAt ?? Number.POSITIVE_INFINITY) - gatewayNow
  }
}

const registryOf = (devices: readonly Device[]): RegistryFile => ({
  version: 1,
  sites: sites.map(site => ({ ...site, name: site.id, contacts: [] })),
  devices: devices.map(({ id, site }) => ({
    ...{ id, site, secretHash: `sha256:${'0'.repeat(64)}` },
    kind: buttons.includes(id) ? ('panic-button' as const) : ('access-controller' as const),
  })),
  endpoints: [],
  accounts: [],
})
