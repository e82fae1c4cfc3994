import { messageOf } from '../../gateway/errors.ts'
import { notKnownYet, type SimulatedGateway } from './gateway.ts'
import { keyOf } from './ledger.ts'
import type { World } from './world.ts'

/** Who looks after the gateway: each thing that can be done by the API beside answering alarms, and what was answered of it. */
export const duties = ['maintain', 'retry', 'test', 'replay', 'erase', 'readdress'] as const
export type Duty = (typeof duties)[number]

/** Until `isBegun` nobody knows whether it is. `from`: once its begin was answered; `until`: when its end was asked for, or when it ends by itself. In the universe's time. */
export type KnownWindow = { site: string; from: number; until: number; isBegun: boolean; isEnded: boolean }

const patienceMs = 15_000
const windowMs = 30 * 60_000
const endsAfterMs = 10 * 60_000
export const people = 6

export class Operators {
  readonly #world: World
  readonly windows = new Map<string, KnownWindow>()
  /** Test messages that were promised, and lines that the audit log must hold. */
  readonly tests: { endpoint: string; message: string }[] = []
  readonly audited: { what: string; subject: string }[] = []
  /** What has no answer yet. */
  waiting = 0
  #nextWindow = 1

  constructor(world: World) {
    this.#world = world
  }

  /** Those that have ended by themselves since. */
  forgetWindows(): void {
    const { now } = this.#world.universe
    for (const [id, { from }] of this.windows) if (from + 2 * windowMs < now) this.windows.delete(id)
  }

  /** Whether an alarm of this site that came then is one of maintenance; undefined: nobody can tell. */
  isMaintained(site: string, at: number): boolean | undefined {
    const near = [...this.windows.values()].filter(
      window => window.site === site && at > window.from - patienceMs && at < window.from + windowMs + patienceMs,
    )
    if (near.some(({ from, isBegun }) => !isBegun || this.#world.ledger.wasReset(from))) return undefined
    if (near.some(({ from, until }) => from < at && at < until)) return true
    return near.length > 0 || this.waiting > 0 ? undefined : false
  }

  does(duty: Duty): void {
    const duties = {
      maintain: () => this.#maintain(),
      retry: () => this.#retry(),
      test: () => this.#test(),
      replay: () => this.#replay(),
      erase: () => this.#erase(),
      readdress: () => this.#readdress(),
    }
    duties[duty]()
  }

  /** Until there is an answer, `tries` times at most: whoever gets none can't know whether it was done. */
  #ask<T>(work: (gateway: SimulatedGateway) => Promise<T>, done: (value: T) => void, tries = 1): void {
    const { universe, chance } = this.#world
    this.waiting++
    let isOver = false
    const end = (then: () => void) => {
      if (isOver) return
      isOver = true
      this.waiting--
      then()
    }
    const again = () => {
      if (tries > 1) universe.plan(chance.within(1000, 9000), () => this.#ask(work, done, tries - 1))
    }
    universe.plan(patienceMs, () => end(again))
    const { gateway } = this.#world
    if (gateway === undefined) return
    const { life } = gateway
    work(gateway).then(
      value => life.alive && end(() => done(value)),
      error => {
        if (!life.alive) return
        this.#world.say('operator', 'is refused', messageOf(error))
        end(again)
      },
    )
  }

  #maintain(): void {
    const { universe, chance, device, ledger } = this.#world
    const { site } = device(chance.of(['button-1', 'button-2']))
    const id = `w-${this.#nextWindow++}`
    const window: KnownWindow = { site, from: universe.now, until: universe.now, isBegun: false, isEnded: false }
    this.windows.set(id, window)
    this.#ask(
      ({ office, clock }) => {
        const fromMs = clock()
        const untilMs = fromMs + windowMs
        return office.begin({ id, site, device: null, fromMs, untilMs, by: 'zhang', note: null })
      },
      () => {
        Object.assign(window, { from: universe.now, until: universe.now + windowMs - patienceMs, isBegun: true })
        this.audited.push({ what: 'maintenance.begun', subject: id })
        if (!chance.happens(0.7)) return
        universe.plan(chance.within(1000, endsAfterMs), () => {
          window.until = universe.now
          const found = (ended: boolean) => {
            window.isEnded = true
            if (ended) this.audited.push({ what: 'maintenance.ended', subject: id })
            else if (window.from + endsAfterMs > universe.now && !ledger.wasReset(window.from))
              ledger.fail(`maintenance ${id} was begun, and there was none to end`)
          }
          // A second try finds what the first has done.
          this.#ask(({ office }) => office.end(id), found)
        })
      },
    )
  }

  #retry(): void {
    const { disk } = this.#world
    const found = disk.db.prepare("SELECT id FROM delivery ORDER BY state = 'pending' DESC, id DESC LIMIT 1").get()
    if (found === undefined) return
    const id = (found as { id: number }).id
    this.#ask(
      ({ office }) => office.retry(id),
      isDue => isDue && this.audited.push({ what: 'delivery.retried', subject: String(id) }),
    )
  }

  #test(): void {
    const { chance, endpoints } = this.#world
    const endpoint = chance.of(endpoints).id
    this.#ask(
      ({ office }) => office.test(endpoint),
      message => {
        if (message === undefined) return
        this.tests.push({ endpoint, message })
        this.audited.push({ what: 'endpoint.tested', subject: endpoint })
      },
    )
  }

  /** What a gateway of before refused is judged again: some of it twice. */
  #replay(): void {
    const { disk, chance, ledger } = this.#world
    const rejections = disk.db
      .prepare(
        'SELECT seq, device, CAST(payload AS TEXT) AS payload FROM rejection WHERE reason = ? ORDER BY seq DESC LIMIT 3',
      )
      .all(notKnownYet) as { seq: number; device: string; payload: string }[]
    for (const { seq, device, payload } of rejections)
      for (let times = chance.whole(1, 2); times > 0; times--)
        this.#ask(
          ({ office }) => office.replay(seq),
          result => {
            const said = ledger.said.get(keyOf(device, (JSON.parse(payload) as { id?: string }).id ?? ''))
            if (said === undefined || result === undefined || 'impossible' in result || result.result === 'rejected')
              return
            if (said.toldSeq !== undefined && said.toldSeq !== result.seq)
              ledger.fail(`${said.id} was replayed as ${said.toldSeq} and as ${result.seq}`, device)
            said.toldSeq = result.seq
          },
          3,
        )
  }

  #erase(): void {
    const { disk, chance, ledger } = this.#world
    const ref = `p-${chance.whole(1, people)}`
    const { seq } = disk.db.prepare('SELECT last_seq AS seq FROM counter').get() as { seq: number }
    const left = disk.db.prepare(
      'SELECT count(*) AS count FROM entry WHERE seq <= ? AND instr(payload, CAST(? AS BLOB)) > 0',
    )
    this.#ask(
      ({ office }) => office.erase(ref),
      () => {
        const { count } = left.get(seq, `"${ref}"`) as { count: number }
        if (count > 0) ledger.fail(`${ref} was erased, and ${count} entries name it`)
      },
      5,
    )
  }

  #readdress(): void {
    const { chance, endpoints } = this.#world
    const endpoint = chance.of(endpoints).id
    this.#ask(
      ({ office }) => office.readdress(endpoint),
      () => {},
    )
  }
}
