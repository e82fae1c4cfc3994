import type { Client } from 'aedes'
import { matches } from './filters.ts'

/** The filters that one connection holds, with the QoS that each was granted. */
export class Subscriptions {
  readonly #granted = new Map<string, number>()
  #wildcards = 0

  /** False: it holds as many filters as it may. */
  grant(filter: string, qos: number, maxFilters: number): boolean {
    if (!this.#granted.has(filter)) {
      if (this.#granted.size >= maxFilters) return false
      if (hasWildcard(filter)) this.#wildcards++
    }
    this.#granted.set(filter, qos)
    return true
  }

  drop(filters: readonly string[]): void {
    for (const filter of filters) if (this.#granted.delete(filter) && hasWildcard(filter)) this.#wildcards--
  }

  get size(): number {
    return this.#granted.size
  }

  has(filter: string): boolean {
    return this.#granted.has(filter)
  }

  /** The highest QoS of all filters that match [MQTT-3.3.5-1]; 0 where none does any more. */
  qosFor(topic: string): number {
    let highest = this.#granted.get(topic) ?? 0
    if (this.#wildcards > 0)
      for (const [filter, qos] of this.#granted)
        if (qos > highest && hasWildcard(filter) && matches(filter, topic)) highest = qos
    return highest
  }
}

const hasWildcard = (filter: string): boolean => filter.endsWith('#') || filter.includes('+')

type Deliver = (packet: { topic: string; qos: number; dup: boolean }, done: () => void) => void

/**
 * No message reaches a subscriber above the QoS that it was granted [MQTT-3.8.4-6]. aedes lowers it for a filter without
 * wildcards only, and where several filters match takes the QoS of whichever comes first. Before the first subscription, as aedes keeps
 * the functions that it finds then.
 */
export function capQos(client: Client, subscriptions: Subscriptions): void {
  const inside = client as unknown as { deliver0: Deliver; deliverQoS: Deliver }
  const { deliver0, deliverQoS } = inside
  inside.deliver0 = inside.deliverQoS = (packet, done) => {
    // A copy for this subscriber. That its publisher sent it twice is not passed on [MQTT-3.3.1-3].
    packet.dup = false
    packet.qos = Math.min(packet.qos, subscriptions.qosFor(packet.topic))
    if (packet.qos === 0) deliver0(packet, done)
    else deliverQoS(packet, done)
  }
}
