/** Who is there, in memory: after a restart nothing is known (design decision 9). Bounded by the registry. */
export class Presence {
  readonly #connections = new Map<string, number>()
  readonly #seenAt = new Map<string, number>()

  /** A takeover connects the new one before the old one is gone, so connections are counted. */
  setConnected(device: string, connected: boolean): void {
    const count = (this.#connections.get(device) ?? 0) + (connected ? 1 : -1)
    if (count > 0) this.#connections.set(device, count)
    else this.#connections.delete(device)
  }

  seen(device: string, at: number): void {
    this.#seenAt.set(device, at)
  }

  connected = (device: string): boolean => this.#connections.has(device)
  lastSeenAt = (device: string): number | undefined => this.#seenAt.get(device)
  get connectedCount(): number {
    return this.#connections.size
  }
}
