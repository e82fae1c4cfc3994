import type { PublishPacket } from 'aedes'
import type { Ack } from '../../schemas/ack.ts'
import { steps } from './crash-points.ts'
import type { Connection } from './gateway.ts'
import { poison } from './influx.ts'
import { keyOf, type Said } from './ledger.ts'
import type { World } from './world.ts'

/**
 * A device as MQTT wants it: it keeps what it published until the PUBACK is there, and sends it again, in its order, when it is
 * connected again. Now and then it says something twice that it had a PUBACK for.
 */
type Kept = { said: Said; topic: string; payload: Buffer }
type More = { isValid?: boolean; isStrict?: boolean; ageMs?: number }
const networkMs = { low: 1, high: 40 }

export class Device {
  readonly id: string
  readonly site: string
  readonly #world: World
  #kept: Kept[] = []
  #lastPubacked: { kept: Kept; at: number } | undefined
  #connection: Connection | undefined
  #lastArrival = 0
  #nextId = 1

  constructor(world: World, site: string, id: string) {
    this.#world = world
    this.site = site
    this.id = id
  }

  get waiting(): number {
    return this.#kept.length
  }

  say(kind: Said['kind'], data: Record<string, unknown>, more: More = {}): void {
    const { isValid = true, isStrict = false, ageMs } = more
    const id = `${this.id}-${this.#nextId++}`
    const state = kind === 'alarm' ? (data.state as Said['state']) : undefined
    const said: Said = {
      ...{
        device: this.id,
        id,
        kind,
        state,
        isValid,
        isStrict,
        isPoison: data.door === poison,
        isPubacked: false,
        arrivals: [],
      },
      ...{ toldSeq: undefined, seq: undefined, isRaised: false },
    }
    this.#world.ledger.said.set(keyOf(this.id, id), said)
    const time =
      ageMs === undefined ? {} : { time: new Date(this.#world.wallMs() - ageMs).toISOString(), buffered: true }
    const payload = Buffer.from(isValid ? JSON.stringify({ id, ...time, data }) : `{"id":"${id}","data":`)
    this.#keep({ said, topic: `gh/v1/${this.site}/${this.id}/event/${kind}`, payload })
  }

  /** It has forgotten that it had a PUBACK. */
  sayAgain(): void {
    const last = this.#lastPubacked
    // An id is known for as long as its entry is kept (contract 2).
    if (last !== undefined && this.#world.universe.now - last.at < this.#world.retentionMs / 2) this.#keep(last.kept)
  }

  connect(connection: Connection): void {
    this.#connection = connection
    this.#lastArrival = this.#world.universe.now
    for (const kept of this.#kept) this.#send(kept)
  }

  /** The connection is gone; what isn't pubacked is sent again over the next one. */
  cut(): void {
    this.#connection = undefined
  }

  get isConnected(): boolean {
    return this.#connection !== undefined
  }

  #keep(kept: Kept): void {
    this.#kept.push(kept)
    if (this.#connection !== undefined) this.#send(kept)
  }

  #send(kept: Kept): void {
    const { universe, chance } = this.#world
    const connection = this.#connection as Connection
    this.#lastArrival = Math.max(this.#lastArrival, universe.now + chance.within(networkMs.low, networkMs.high))
    const { life } = connection
    universe.plan(this.#lastArrival - universe.now, () => this.#arrive(connection, kept), life)
  }

  /** At the gateway. */
  #arrive(connection: Connection, kept: Kept): void {
    if (this.#connection !== connection) return
    const { world, said } = { world: this.#world, said: kept.said }
    world.say(this.id, 'publish', said.id)
    said.arrivals.push({ gatewayMs: connection.clock(), at: world.universe.now })
    world.passed(steps.arrived)
    if (!connection.life.alive) return
    connection.sent.push(said.id)
    const packet = { cmd: 'publish', topic: kept.topic, payload: kept.payload, qos: 1, dup: false, retain: false }
    connection.take(packet as PublishPacket, said.isStrict, error => this.#answered(connection, kept, error))
  }

  #answered(connection: Connection, kept: Kept, error: Error | undefined): void {
    const { world, said } = { world: this.#world, said: kept.said }
    const { universe, chance, ledger } = world
    world.passed(steps.pubackDue)
    if (!connection.life.alive) return
    if (error !== undefined) {
      world.say(this.id, 'cut', error.message)
      if (this.#connection === connection) world.gone(this)
      return
    }
    const next = connection.sent.shift()
    if (next !== said.id) ledger.fail(`${this.id}: PUBACK of ${said.id} before that of ${next}`, this.id)
    world.say(this.id, 'puback sent', said.id)
    universe.plan(chance.within(networkMs.low, networkMs.high), () => {
      if (this.#connection !== connection && chance.happens(0.5)) return
      this.#received(kept)
    })
    world.passed(steps.pubackSent)
  }

  #received(kept: Kept): void {
    const index = this.#kept.indexOf(kept)
    if (index < 0) return
    this.#kept.splice(index, 1)
    kept.said.isPubacked = true
    this.#lastPubacked = { kept, at: this.#world.universe.now }
    this.#world.say(this.id, 'pubacked', kept.said.id)
    this.#world.passed(steps.pubackReceived)
  }

  told(ack: Ack): void {
    const said = this.#world.ledger.said.get(keyOf(this.id, ack.id ?? ''))
    if (said === undefined || ack.result === 'rejected') return
    if (said.toldSeq !== undefined && said.toldSeq !== ack.seq)
      this.#world.ledger.fail(`${said.id} was told as ${said.toldSeq} and as ${ack.seq}`, this.id)
    said.toldSeq = ack.seq
  }
}
