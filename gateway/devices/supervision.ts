import type { Presence } from '../../schemas/api.ts'
import type { DeviceKind } from '../../schemas/registry.ts'
import { Flapping } from './flapping.ts'
import { isSiteLost } from './lost-site.ts'

/**
 * Who is there (domain.md: EN 50136 DP4 90 s, SP4 3 min; three missed heartbeats are lost). Any message is a sign of life.
 * In memory: after a restart everybody is `unknown` and silence counts from the start, so a restart reports nobody.
 * The clock is an argument; what follows comes back as data.
 */
export type Watched = { id: string; site: string; kind: DeviceKind }

/** What somebody should be told. Of a whole site lost there is one report, with the site as its subject. */
export type Report =
  | { what: 'silent' | 'recovered'; subject: 'device'; device: string; lastSeenAt: number | null; flapping?: true }
  | { what: 'silent' | 'recovered'; subject: 'site'; site: string; devices: string[] }

const silentAfterMs: Record<DeviceKind, number> = {
  'panic-button': 90_000,
  'access-controller': 180_000,
  'face-checkpoint': 180_000,
  'vehicle-checkpoint': 270_000,
  sensor: 270_000,
}

type State = {
  device: Watched
  /** null: not since the start. */
  lastSeenAt: number | null
  presence: Presence
  boot: number | null
  /** Of its last heartbeat, per cent. */
  battery: number | null
  lastSeq: number | null
  missing: number
  /** A report of its silence went out, or it is part of its site's. */
  reported: boolean
}

export class Supervision {
  readonly #states = new Map<string, State>()
  readonly #sites = new Map<string, State[]>()
  readonly #lostSites = new Set<string>()
  readonly #flapping = new Flapping()
  readonly #isMaintained: (device: Watched, now: number) => boolean
  #startedAt: number

  /** `isMaintained`: its silence is expected just now, and not reported. */
  constructor(devices: Iterable<Watched>, startedAt: number, isMaintained: (device: Watched, now: number) => boolean) {
    this.#startedAt = startedAt
    this.#isMaintained = isMaintained
    for (const device of devices) {
      const state: State = {
        device,
        lastSeenAt: null,
        presence: 'unknown',
        boot: null,
        battery: null,
        lastSeq: null,
        missing: 0,
        reported: false,
      }
      this.#states.set(device.id, state)
      const site = this.#sites.get(device.site)
      if (site === undefined) this.#sites.set(device.site, [state])
      else site.push(state)
    }
  }

  presence = (device: string): Presence => this.#states.get(device)?.presence ?? 'unknown'
  lastSeenAt = (device: string): number | undefined => this.#states.get(device)?.lastSeenAt ?? undefined
  battery = (device: string): number | undefined => this.#states.get(device)?.battery ?? undefined
  missing = (device: string): number => this.#states.get(device)?.missing ?? 0

  /** A sign of life. Returns a report when its silence, or its site's, was reported. */
  seen(id: string, now: number): Report[] {
    const state = this.#states.get(id)
    if (state === undefined) return []
    state.lastSeenAt = now
    if (state.presence === 'online') return []
    state.presence = 'online'
    if (!state.reported) return []
    state.reported = false
    const { site } = state.device
    if (!this.#lostSites.has(site)) return this.#recovered(state, now)
    const states = this.#sites.get(site) ?? []
    const back = states.filter(other => other.presence === 'online')
    if (back.length * 2 < states.length) return []
    // Half of it is back: the site is; who is still away is told of alone at the next tick.
    this.#lostSites.delete(site)
    for (const other of states) if (other.presence !== 'online') other.reported = false
    return [{ what: 'recovered', subject: 'site', site, devices: back.map(({ device }) => device.id) }]
  }

  /** `status` of the device or its will. A will of an older boot than the one that is connected says nothing (domain.md). */
  status(id: string, status: 'online' | 'offline', boot: number, fromWill: boolean, now: number): Report[] {
    const state = this.#states.get(id)
    if (state === undefined || (state.boot !== null && boot < state.boot)) return []
    state.boot = boot
    if (status === 'offline') {
      // Not reported yet: it may be back in a moment. If it isn't, its silence is.
      if (state.presence !== 'silent') state.presence = 'offline'
      return []
    }
    return fromWill ? [] : this.seen(id, now)
  }

  /** Who has become silent by `now`. To be asked every second or so: a report is then due within a second. */
  tick(now: number): Report[] {
    const reports: Report[] = []
    for (const state of this.#states.values()) {
      if (state.reported || now - (state.lastSeenAt ?? this.#startedAt) < silentAfterMs[state.device.kind]) continue
      state.presence = 'silent'
      if (this.#isMaintained(state.device, now)) continue
      state.reported = true
      const { site } = state.device
      if (this.#lostSites.has(site)) continue
      const states = this.#sites.get(site) ?? []
      if (
        isSiteLost(
          states.map(({ lastSeenAt }) => lastSeenAt),
          now,
        )
      ) {
        this.#lostSites.add(site)
        reports.push({ what: 'silent', subject: 'site', site, devices: states.map(({ device }) => device.id) })
      } else reports.push(...this.#silent(state, now))
    }
    return reports
  }

  #silent({ device, lastSeenAt }: State, now: number): Report[] {
    const damped = this.#flapping.silent(device.id, now)
    if (damped === 'quiet') return []
    return [
      {
        what: 'silent',
        subject: 'device',
        device: device.id,
        lastSeenAt,
        ...(damped === 'last' ? { flapping: true } : {}),
      },
    ]
  }

  #recovered({ device, lastSeenAt }: State, now: number): Report[] {
    if (this.#flapping.isQuiet(device.id, now)) return []
    return [{ what: 'recovered', subject: 'device', device: device.id, lastSeenAt }]
  }
}
