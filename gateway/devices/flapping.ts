/**
 * A device that comes and goes is told of a few times, the last time as flapping, and then not until it has been steady for
 * a while: a report that comes every minute is one that nobody reads. Bounded by the registry.
 */
const toldPerWindow = 3
const windowMs = 30 * 60_000

export class Flapping {
  readonly #silences = new Map<string, number[]>()

  /** It has become silent: `tell`, `last` (tell, and say that it flaps) or `quiet`. */
  silent(device: string, now: number): 'tell' | 'last' | 'quiet' {
    const recent = this.#recent(device, now)
    // One more than is ever told is enough to know that it goes on.
    this.#silences.set(device, [...recent, now].slice(-toldPerWindow - 1))
    if (recent.length + 1 < toldPerWindow) return 'tell'
    return recent.length + 1 === toldPerWindow ? 'last' : 'quiet'
  }

  /** Whether its coming back goes untold, because its going did. */
  isQuiet = (device: string, now: number): boolean => this.#recent(device, now).length > toldPerWindow

  #recent(device: string, now: number): number[] {
    return (this.#silences.get(device) ?? []).filter(at => now - at < windowMs)
  }
}
