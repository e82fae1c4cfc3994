import { seeded } from '../helpers/seeded.ts'

/** All chance of one world: the same seed makes the same choices. */
export class Chance {
  readonly next: () => number

  constructor(seed: number) {
    this.next = seeded(seed)
  }

  within(low: number, high: number): number {
    return low + (high - low) * this.next()
  }

  /** Both ends included. */
  whole(low: number, high: number): number {
    return Math.floor(this.within(low, high + 1))
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }

  of<T>(some: readonly T[]): T {
    return some[Math.floor(this.next() * some.length)] as T
  }
}
