import type { Fault } from '../../schemas/webhook.ts'

/** Batteries by their heartbeats. Low is told once, and again only after it was charged or changed: a level that wavers at the limit is one fault. */
const lowPercent = 20
const chargedPercent = 25

export class Batteries {
  readonly #levels = new Map<string, number>()
  readonly #told: Set<string>

  /** `told`: devices whose battery was told as low before the start. */
  constructor(told: Iterable<string> = []) {
    this.#told = new Set(told)
  }

  level = (device: string): number | undefined => this.#levels.get(device)

  forget(device: string): void {
    this.#levels.delete(device)
    this.#told.delete(device)
  }

  heard(device: string, percent: number): Fault | undefined {
    this.#levels.set(device, percent)
    if (percent >= chargedPercent) this.#told.delete(device)
    if (percent >= lowPercent || this.#told.has(device)) return undefined
    this.#told.add(device)
    return {
      code: 'battery-low',
      subject: device,
      message: `the battery of ${device} is at ${Math.round(percent)} %; change it`,
    }
  }
}
