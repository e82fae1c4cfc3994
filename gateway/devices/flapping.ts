/**
 * A subject that comes and goes is told of a few times, the last time as flapping, and stands as silent from then on until it
 * has been steadily there for a while: a report that comes every minute is one that nobody reads. Bounded by the registry.
 */
const toldPerWindow = 3
export const windowMs = 30 * 60_000

export class Flapping {
  readonly #silences = new Map<string, number[]>()

  /** It is told of as silent. True: for the third time in half an hour. */
  silent(subject: string, now: number): boolean {
    const recent = [...(this.#silences.get(subject) ?? []), now].filter(at => now - at < windowMs).slice(-toldPerWindow)
    this.#silences.set(subject, recent)
    return recent.length === toldPerWindow
  }

  forget(subject: string): void {
    this.#silences.delete(subject)
  }
}

/** How long it must have been there before its coming back is told. */
export const steadyMs = (flapping: boolean): number => (flapping ? windowMs : 0)
