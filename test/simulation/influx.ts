import type { IPoint } from 'influx'
import type { Connection } from '../../gateway/influx/connection.ts'
import type { Failure } from '../../gateway/influx/failures.ts'
import { steps } from './crash-points.ts'
import type { Life } from './universe.ts'
import type { World } from './world.ts'

/**
 * InfluxDB, behind the gateway's own writer: it keeps a point by what makes it one (measurement, tags, time), writes a part of a
 * batch that it refuses, has no database at first, may be down, and its answer may be lost.
 */
export const poison = 'poison'
const awayTryMs = { low: 1_200_000, high: 4_800_000 }
type Place = { measurement: string; id: string }

export class Influx {
  readonly #world: World
  /** What stands at each place in InfluxDB, and where each entry or response went. */
  readonly #points = new Map<string, Place>()
  readonly places = new Map<string, string>()
  #hasDatabase = false
  isDown = false
  /** It is away for longer than entries are kept. */
  awayUntil = 0

  constructor(world: World) {
    this.#world = world
  }

  get isAway(): boolean {
    return this.#world.universe.now < this.awayUntil
  }

  connection(life: Life): Connection {
    const { universe, chance, passed } = this.#world
    const asked = async (): Promise<Failure | undefined> => {
      // Each try every few seconds for days would be most of what is simulated.
      const tookMs = this.isAway ? chance.within(awayTryMs.low, awayTryMs.high) : chance.within(1, 30)
      await new Promise<void>(resolve => universe.plan(tookMs, resolve, life))
      return this.isDown || this.isAway
        ? { class: 'wait', code: 'influx.unreachable', message: 'it is down' }
        : undefined
    }
    return {
      write: async points => {
        const failure = await asked()
        if (failure !== undefined) return failure
        if (!this.#hasDatabase) return { class: 'no-database', message: 'database not found' }
        for (const point of points) if (!isPoison(point)) this.#keep(point)
        passed(steps.points)
        if (points.some(isPoison)) return { class: 'bad-points', reason: 'field type conflict' }
        return chance.happens(0.05)
          ? { class: 'wait', code: 'influx.timeout', message: 'the answer is lost' }
          : undefined
      },
      createDatabase: async () => {
        const failure = await asked()
        if (failure === undefined) this.#hasDatabase = true
        return failure
      },
      close() {},
    }
  }

  /** One entry is one point for ever: at no other place, and in no other entry's. */
  #keep({ measurement = '', tags = {}, fields = {}, timestamp }: IPoint): void {
    const place = `${measurement},${Object.entries(tags).join()} ${timestamp}`
    const id = pointName(measurement, String(fields.seq).replace('i', ''), String(fields.id))
    const { ledger } = this.#world
    const there = this.#points.get(place)
    if (there !== undefined && there.id !== id)
      ledger.fail(`point ${id} is written over ${there.id}`, String(fields.id))
    const before = this.places.get(id)
    if (before !== undefined && before !== place)
      ledger.fail(`${id} is two points: ${before} and ${place}`, String(fields.id))
    this.#points.set(place, { measurement, id })
    this.places.set(id, place)
  }

  /** Points of entries that are not kept any more. */
  forget(isKept: (id: string) => boolean): void {
    for (const [place, { measurement, id }] of this.#points)
      if (measurement !== 'response' && !isKept(id)) {
        this.#points.delete(place)
        this.places.delete(id)
      }
  }
}

/** By its number in the journal (of a response: among the closed alarms), and the event's id (the alarm's). */
export const pointName = (measurement: string, seq: number | string, id: string): string =>
  `${measurement} ${seq} ${id}`

const isPoison = ({ tags }: IPoint): boolean => tags?.door === poison
