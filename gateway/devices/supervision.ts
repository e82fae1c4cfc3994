import type { Presence } from '../../schemas/api.ts'
import type { DeviceKind } from '../../schemas/registry.ts'
import { Flapping, steadyMs } from './flapping.ts'
import { lossOf } from './lost-site.ts'
import { Outages } from './outage.ts'
import { silentAfterMs } from './rhythm.ts'

/**
 * Who is there (domain.md). Any message is a sign of life. Each second `tick` compares what is with what was told, and what
 * differs is a report: so silent and recovered alternate for each device, whatever happens in between.
 *
 * In memory: after a restart everybody is `unknown` and silence counts from the start. The clock is an argument.
 */
export type Watched = { id: string; site: string; kind: DeviceKind }

/** What somebody should be told. Devices of a site that are lost at once are one report, with the site as its subject. */
export type Report = { what: 'silent' | 'recovered'; flapping: boolean } & (
  | { of: 'device'; device: string; lastSeenAt: number | null }
  | { of: 'site'; site: string; devices: string[] }
)

/** What was told before the start and not taken back: who is silent alone, and which devices with their site. */
export type Told = {
  devices: readonly string[]
  sites: readonly { site: string; devices: readonly string[] | 'all' }[]
}

export type SupervisionOptions = {
  devices: Iterable<Watched>
  startedAt: number
  told?: Told
  /** Its silence is expected just now, and not reported. */
  isMaintained: (device: Watched, now: number) => boolean
  onPresence?: (device: string, presence: Presence) => void
}

export type State = Watched & {
  presence: Presence
  /** As the clock said; null: not since the start. */
  lastSeenAt: number | null
  /** Silence counts from here; `onlineFrom`: presence does. Both on the time that the gateway was itself there. */
  quietFrom: number
  onlineFrom: number
  boot: number | null
  told: 'nothing' | 'alone' | 'with-site'
  flapping: boolean
  readonly isKnownGone: boolean
}

/** Longer than this between two ticks, the gateway was stopped or its clock was set; shorter can't make a living device silent. */
const awayMs = 30_000

export class Supervision {
  readonly #options: SupervisionOptions
  readonly #states = new Map<string, State>()
  readonly #sites = new Map<string, State[]>()
  readonly #flapping = new Flapping()
  readonly #outages = new Outages(this.#flapping)
  #tickedAt: number
  /** What the gateway was away in all: it doesn't count as anybody's silence. */
  #away = 0

  constructor(options: SupervisionOptions) {
    this.#options = options
    this.#tickedAt = options.startedAt
    for (const device of options.devices) this.#watch(device, options.startedAt)
    if (options.told !== undefined) this.#remember(options.told, [...this.#states.values()], options.startedAt)
  }

  /**
   * Others are to be watched from now on (a reload of the registry): new ones as at a start, and those that left or moved are
   * forgotten where they were. `told`: what stands as told by now, of those that are back after a while too.
   */
  replace(devices: Iterable<Watched>, told: Told, now: number): void {
    const time = now - this.#away
    const next = new Map(Array.from(devices, device => [device.id, device]))
    for (const state of [...this.#states.values()]) {
      const device = next.get(state.id)
      if (device?.site !== state.site) this.#forget(state)
      else if (device.kind !== state.kind) {
        state.kind = device.kind
        // In its new rhythm it has not missed anything yet.
        state.quietFrom = Math.max(state.quietFrom, time)
      }
    }
    const added = [...next.values()].filter(({ id }) => !this.#states.has(id)).map(device => this.#watch(device, time))
    // Of a site of which too many were lost to name them nobody knows whether the new one was among them.
    const named = { ...told, sites: told.sites.filter(({ devices }) => devices !== 'all') }
    if (added.length > 0) this.#remember(named, added, time)
  }

  #watch({ id, site, kind }: Watched, from: number): State {
    const state = unknown({ id, site, kind }, from)
    this.#states.set(id, state)
    const others = this.#sites.get(site)
    if (others === undefined) this.#sites.set(site, [state])
    else others.push(state)
    return state
  }

  #forget(state: State): void {
    this.#states.delete(state.id)
    const others = (this.#sites.get(state.site) ?? []).filter(other => other !== state)
    if (others.length > 0) this.#sites.set(state.site, others)
    else this.#sites.delete(state.site)
    this.#outages.forget(state)
    this.#flapping.forget(state.id)
  }

  /** What these were told as before now, so that it is neither told twice nor never taken back. */
  #remember(told: Told, states: readonly State[], time: number): void {
    const alone = new Set(told.devices)
    for (const state of states) if (alone.has(state.id)) state.told = 'alone'
    for (const { site, devices } of told.sites) {
      const members = states.filter(state => state.site === site && (devices === 'all' || devices.includes(state.id)))
      this.#outages.resume(site, members, time)
    }
  }

  /** The clock was set by so much: nobody was silent for that long, nor seen in what is now the future. */
  clockMoved(byMs: number): void {
    this.#tickedAt += byMs
    this.#away += byMs
    for (const state of this.#states.values()) if (state.lastSeenAt !== null) state.lastSeenAt += byMs
  }

  presence = (device: string): Presence => this.#states.get(device)?.presence ?? 'unknown'
  lastSeenAt = (device: string): number | undefined => this.#states.get(device)?.lastSeenAt ?? undefined

  /** A sign of life. */
  seen(id: string, now: number): void {
    const state = this.#states.get(id)
    if (state === undefined) return
    state.lastSeenAt = now
    // Never back: the clock may have been set since the last tick, which will see it.
    state.quietFrom = Math.max(state.quietFrom, now - this.#away)
    if (state.presence === 'online') return
    state.onlineFrom = state.quietFrom
    this.#set(state, 'online')
  }

  /**
   * `status` of the device, or its will, which came at `at`. A will with an older boot number, or from before the device was
   * seen again, says nothing of the connection that there is now.
   */
  status(id: string, status: 'online' | 'offline', boot: number, fromWill: boolean, at: number): void {
    const state = this.#states.get(id)
    if (state === undefined) return
    if (fromWill && ((state.boot !== null && boot < state.boot) || (state.lastSeenAt ?? 0) > at)) return
    // Its own word counts also where it begins to count anew: a device that was exchanged.
    if (!fromWill) state.boot = boot
    // It may be back in a moment. If it isn't, its silence is told at its time.
    if (status === 'offline' && state.presence !== 'silent') this.#set(state, 'offline')
  }

  /** To be asked every second: a report is then due within a second. */
  tick(now: number): Report[] {
    const time = this.#timeOf(now)
    for (const state of this.#states.values())
      if (state.presence !== 'silent' && time - state.quietFrom >= silentAfterMs(state.kind)) this.#set(state, 'silent')
    const reports = this.#outages.tick(time)
    for (const states of this.#sites.values())
      for (const state of states) {
        if (state.told === 'alone' && isSteady(state, time)) reports.push(this.#recovered(state))
        else if (state.told === 'nothing' && state.presence === 'silent') {
          if (!this.#options.isMaintained(state, now)) reports.push(...this.#silent(state, states, time, now))
        }
      }
    return reports
  }

  #silent(state: State, site: readonly State[], time: number, now: number): Report[] {
    if (this.#outages.joins(state)) return []
    const untold = site.filter(({ told }) => told === 'nothing')
    const expected = untold.filter(other => !this.#options.isMaintained(other, now))
    const loss = lossOf(state, expected, time)
    if (loss !== undefined) return [this.#outages.begin(state.site, loss, time)]
    state.told = 'alone'
    state.flapping = this.#flapping.silent(state.id, time)
    return [this.#report('silent', state)]
  }

  #recovered(state: State): Report {
    const report = this.#report('recovered', state)
    state.told = 'nothing'
    state.flapping = false
    return report
  }

  #report(what: Report['what'], { id, lastSeenAt, flapping }: State): Report {
    return { what, of: 'device', device: id, lastSeenAt, flapping }
  }

  /** Time on which silence counts. While the gateway was stopped it heard nobody: that is nobody's silence, and no storm. */
  #timeOf(now: number): number {
    const passed = now - this.#tickedAt
    this.#tickedAt = now
    if (passed >= 0 && passed <= awayMs) return now - this.#away
    this.#away += passed
    const time = now - this.#away
    // Seen before this tick and after the jump.
    for (const state of this.#states.values()) {
      state.quietFrom = Math.min(state.quietFrom, time)
      state.onlineFrom = Math.min(state.onlineFrom, time)
    }
    return time
  }

  #set(state: State, presence: Presence): void {
    if (state.presence === presence) return
    state.presence = presence
    this.#options.onPresence?.(state.id, presence)
  }
}

const isSteady = ({ presence, onlineFrom, flapping }: State, time: number): boolean =>
  presence === 'online' && time - onlineFrom >= steadyMs(flapping)

const unknown = (device: Watched, startedAt: number): State => ({
  ...device,
  presence: 'unknown',
  lastSeenAt: null,
  quietFrom: startedAt,
  onlineFrom: startedAt,
  boot: null,
  told: 'nothing',
  flapping: false,
  get isKnownGone() {
    return this.presence !== 'online'
  },
})
