/** Who is connected just now. Whether it is also alive is supervision's. Bounded by the registry. */
export class Presence {
  readonly #connections = new Map<string, number>()

  /** A takeover connects the new one before the old one is gone, so connections are counted. */
  setConnected(device: string, connected: boolean): void {
    const count = (this.#connections.get(device) ?? 0) + (connected ? 1 : -1)
    if (count > 0) this.#connections.set(device, count)
    else this.#connections.delete(device)
  }

  connected = (device: string): boolean => this.#connections.has(device)
  get connectedCount(): number {
    return this.#connections.size
  }
}
