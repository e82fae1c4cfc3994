import type { Fault } from '../../schemas/webhook.ts'

/**
 * Test alarms of the whole path on a schedule (registry: `selfTest` of a site): one is expected every 25 h, a day and an hour
 * to be late. Overdue is told once until the next one. A site that never had one counts from the process's start.
 */
const everyMs = 25 * 60 * 60_000

type Tested = { id: string; selfTest?: boolean | undefined }

export class SelfTests {
  readonly #expectedFrom: Map<string, number>
  readonly #told = new Set<string>()

  /** `testedAt` and `toldAt`: of each site the last test alarm and the last time that it was told as overdue, also before the start. */
  constructor(
    sites: Iterable<Tested>,
    testedAt: ReadonlyMap<string, number>,
    toldAt: ReadonlyMap<string, number>,
    startedAt: number,
  ) {
    this.#expectedFrom = new Map(
      [...sites].filter(({ selfTest }) => selfTest === true).map(({ id }) => [id, testedAt.get(id) ?? startedAt]),
    )
    for (const site of this.#expectedFrom.keys()) {
      const told = toldAt.get(site)
      if (told !== undefined && told >= (testedAt.get(site) ?? 0)) this.#told.add(site)
    }
  }

  /** These are the sites from now on (a reload of the registry). One that is new to this counts from now. */
  replace(sites: Iterable<Tested>, now: number): void {
    const next = new Set(Array.from(sites).flatMap(({ id, selfTest }) => (selfTest === true ? id : [])))
    for (const site of this.#expectedFrom.keys())
      if (!next.has(site)) {
        this.#expectedFrom.delete(site)
        this.#told.delete(site)
      }
    for (const site of next) if (!this.#expectedFrom.has(site)) this.#expectedFrom.set(site, now)
  }

  /** A test alarm of the site was raised. */
  tested(site: string, at: number): void {
    if (!this.#expectedFrom.has(site)) return
    this.#expectedFrom.set(site, at)
    this.#told.delete(site)
  }

  /** The clock was set by so much. */
  clockMoved(byMs: number): void {
    for (const [site, from] of this.#expectedFrom) this.#expectedFrom.set(site, from + byMs)
  }

  tick(now: number): Fault[] {
    const faults: Fault[] = []
    for (const [site, from] of this.#expectedFrom) {
      if (now - from < everyMs || this.#told.has(site)) continue
      this.#told.add(site)
      faults.push({
        code: 'self-test-overdue',
        subject: site,
        message: `no test alarm (mode test) was raised from ${site} for 25 h; make one, and close the last one if it is still open`,
      })
    }
    return faults
  }
}
