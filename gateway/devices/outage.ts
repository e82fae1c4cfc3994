import { type Flapping, steadyMs } from './flapping.ts'
import { type Loss, minFold } from './lost-site.ts'
import type { Report, State } from './supervision.ts'

/**
 * Sites of which many devices were lost at once, and how they come back. Power returns to all in a moment, devices within a
 * minute or two: the report waits until all are there or so long, and then says who is. Who isn't is told of anew.
 */
const returningMs = 120_000

type Outage = {
  site: string
  members: Set<State>
  /** Nobody of them was heard after this. */
  cutBy: number
  /** The first came back then; null: nobody is back. */
  returningFrom: number | null
  flapping: boolean
}

export class Outages {
  readonly #outages = new Map<string, Outage>()
  readonly #flapping: Flapping

  constructor(flapping: Flapping) {
    this.#flapping = flapping
  }

  /** Those lost at once: one report. Where an outage of the site is open already, they are more of it. */
  begin(site: string, { devices, cutBy }: Loss<State>, time: number): Report {
    const flapping = this.#flapping.silent(site, time)
    const before = this.#outages.get(site)
    this.#outages.set(site, {
      site,
      members: new Set([...(before?.members ?? []), ...devices]),
      cutBy: Math.max(cutBy, before?.cutBy ?? 0),
      returningFrom: null,
      flapping: flapping || before?.flapping === true,
    })
    for (const state of devices) state.told = 'with-site'
    return { what: 'silent', of: 'site', site, devices: idsOf(devices), flapping }
  }

  /** Told before they were watched, so without a report. */
  resume(site: string, members: readonly State[], from: number): void {
    if (members.length === 0) return
    for (const state of members) state.told = 'with-site'
    const before = this.#outages.get(site)
    if (before !== undefined) for (const state of members) before.members.add(state)
    else
      this.#outages.set(site, {
        site,
        members: new Set(members),
        // Whoever isn't heard after the start is told of by itself: nobody knows whether it was lost with them.
        cutBy: from - 1,
        returningFrom: null,
        flapping: false,
      })
  }

  /** It isn't watched any more. */
  forget(state: State): void {
    const outage = this.#outages.get(state.site)
    outage?.members.delete(state)
    if (outage?.members.size === 0) this.#outages.delete(state.site)
  }

  /** Whether it was lost with the others of its site and has only become silent now: then it was told with them. */
  joins(state: State): boolean {
    const outage = this.#outages.get(state.site)
    // A button is never folded in silently: it is told of by itself (domain.md).
    if (outage === undefined || state.kind === 'panic-button' || state.quietFrom > outage.cutBy) return false
    state.told = 'with-site'
    outage.members.add(state)
    return true
  }

  tick(time: number): Report[] {
    return [...this.#outages.values()].flatMap(outage => this.#look(outage, time))
  }

  #look(outage: Outage, time: number): Report[] {
    const members = [...outage.members]
    const back = members.filter(({ presence, quietFrom }) => presence === 'online' && quietFrom > outage.cutBy)
    if (back.length === 0 || (outage.flapping && back.length * 2 < members.length)) outage.returningFrom = null
    else outage.returningFrom ??= time
    if (outage.returningFrom === null) return []
    const returning = time - outage.returningFrom
    if (returning < steadyMs(outage.flapping)) return []
    if (back.length < members.length && returning < returningMs) return []
    return this.#end(
      outage,
      back,
      members.filter(state => !back.includes(state)),
      time,
    )
  }

  #end({ site, members, flapping }: Outage, back: readonly State[], away: State[], time: number): Report[] {
    for (const state of back) state.told = 'nothing'
    if (back.length < minFold && away.length >= minFold) {
      // The site is still gone; a few of it aren't.
      for (const state of back) members.delete(state)
      return back.map(({ id, lastSeenAt }) => ({
        what: 'recovered',
        of: 'device',
        device: id,
        lastSeenAt,
        flapping: false,
      }))
    }
    this.#outages.delete(site)
    const recovered: Report = { what: 'recovered', of: 'site', site, devices: idsOf(back), flapping }
    if (away.length >= minFold) return [recovered, this.begin(site, lossOfAll(away), time)]
    // One or two: each alone, at its time.
    for (const state of away) state.told = 'nothing'
    return [recovered]
  }
}

const lossOfAll = (devices: State[]): Loss<State> => ({
  devices,
  cutBy: Math.max(...devices.map(({ quietFrom }) => quietFrom)),
})
const idsOf = (states: readonly State[]): string[] => states.map(({ id }) => id)
