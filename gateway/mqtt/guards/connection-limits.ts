import { isIPv6 } from 'node:net'
import type { Duplex } from 'node:stream'

export type Limits = {
  maxConnections: number
  /**
   * Of one address that have not logged in; who has counts in all only, since a whole district may come through one balancer. Loopback
   * has no such limit: a TLS terminator or a simulator there speaks for everybody.
   */
  maxConnectionsPerAddress: number
}

/**
 * How many connections there may be, in all and from one address. Who is logged in is never put out for a newcomer, but who
 * has not shown a secret yet is: a full house closes the one that has waited longest. So idle connections of a stranger can't keep
 * a device out, which logs in within milliseconds.
 */
export class ConnectionLimits {
  readonly #limits: Limits
  readonly #all = new House()
  readonly #addresses = new Map<string, House>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get open(): number {
    return this.#all.open
  }

  /** Undefined: it may come in, and counts until it is closed. Otherwise why not. */
  enter(stream: Duplex, remoteAddress: string | undefined): string | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits
    const address = addressOf(remoteAddress)
    const house = address === undefined ? undefined : (this.#addresses.get(address) ?? new House())
    if (!this.#all.hasRoom(maxConnections))
      return `more than ${maxConnections} connections; GATEHOUSE_MQTT_MAX_CONNECTIONS is how many there may be`
    house?.makeRoom(maxConnectionsPerAddress)
    if (address !== undefined && house !== undefined) this.#addresses.set(address, house)
    this.#all.enter(stream)
    house?.enter(stream)
    stream.once('close', () => {
      this.#all.leave(stream)
      house?.leave(stream)
      if (address !== undefined && house?.open === 0 && this.#addresses.get(address) === house)
        this.#addresses.delete(address)
    })
    return undefined
  }

  loggedIn(stream: Duplex, remoteAddress: string | undefined): void {
    this.#all.settle(stream)
    const address = addressOf(remoteAddress)
    const house = address === undefined ? undefined : this.#addresses.get(address)
    house?.leave(stream)
    if (address !== undefined && house?.open === 0) this.#addresses.delete(address)
  }

  /** Closes whoever isn't logged in. */
  closeWaiting(): void {
    this.#all.closeWaiting()
  }
}

/** Those who are in; of them, in the order in which they came, those who have not logged in. */
class House {
  readonly #inside = new Set<Duplex>()
  readonly #waiting = new Set<Duplex>()

  get open(): number {
    return this.#inside.size
  }

  hasRoom(max: number): boolean {
    this.makeRoom(max)
    return this.#inside.size < max
  }

  /** Closes who has waited longest without logging in, where there are as many inside as may be. */
  makeRoom(max: number): void {
    if (this.#inside.size < max) return
    const [longest] = this.#waiting
    if (longest === undefined) return
    // Its place is free at once; its close is told of later.
    this.leave(longest)
    longest.destroy()
  }

  enter(stream: Duplex): void {
    this.#inside.add(stream)
    this.#waiting.add(stream)
  }

  settle(stream: Duplex): void {
    this.#waiting.delete(stream)
  }

  leave(stream: Duplex): void {
    this.#inside.delete(stream)
    this.#waiting.delete(stream)
  }

  closeWaiting(): void {
    for (const stream of this.#waiting) stream.destroy()
  }
}

/** An IPv6 address stands for its /64, which is one household; undefined for loopback, and where there is no address. */
export function addressOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
  if (mapped === '::1' || mapped.startsWith('127.')) return undefined
  return isIPv6(mapped) ? networkOf(mapped) : mapped
}

function networkOf(address: string): string {
  const [head = '', tail = ''] = address.split('::')
  const groupsOf = (part: string) => (part === '' ? [] : part.split(':'))
  const [before, behind] = [groupsOf(head), groupsOf(tail)]
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - behind.length) }, () => '0')
  return `${[...before, ...zeros, ...behind].slice(0, 4).join(':')}/64`
}
