/**
 * Token buckets, one per key: `burst` units at once, then `perSecond` of them. Bounded: of more than `maxKeys` keys the one
 * that was used longest ago is forgotten, and would begin anew with a full bucket.
 */
export class Buckets {
  readonly #perMs: number
  readonly #burst: number
  readonly #maxKeys: number
  readonly #levels = new Map<string, { units: number; at: number }>()

  constructor({ perSecond, burst, maxKeys }: { perSecond: number; burst: number; maxKeys: number }) {
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#maxKeys = maxKeys
  }

  /** 0: they were taken. Otherwise nothing was, and so many ms later there would be enough. `now` in ms. */
  take(key: string, units: number, now: number): number {
    const level = this.#levels.get(key) ?? { units: this.#burst, at: now }
    // A clock that was set back fills nothing and takes nothing.
    const passedMs = Math.max(0, now - level.at)
    level.units = Math.min(this.#burst, level.units + passedMs * this.#perMs)
    level.at = now
    const missing = units - level.units
    if (missing <= 0) level.units -= units
    this.#levels.delete(key)
    this.#levels.set(key, level)
    if (this.#levels.size > this.#maxKeys) this.#levels.delete(this.#levels.keys().next().value as string)
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMs)
  }

  get size(): number {
    return this.#levels.size
  }
}
