/**
 * How many publishes make a batch. An alarm waits for the commit under way and for its own, so they should be short; a disk
 * whose sync takes long is used well only by large ones. So a batch is what the storage thread writes in about the time that the
 * disk's sync takes anyway, and in no less than `leastMs`.
 */
const leastMs = 4
const least = 128
/** Of each new measurement; the rest is what was thought before. */
const weight = 0.2

export class BatchSize {
  readonly #most: number
  #perPublishMs = 0.015
  #syncMs = 1

  constructor(most: number) {
    this.#most = most
  }

  get limit(): number {
    const fits = Math.max(leastMs, this.#syncMs) / this.#perPublishMs
    return Math.round(Math.min(this.#most, Math.max(least, fits)))
  }

  /** `workMs`: of the thread, for writing the batch; `commitMs`: until it was on disk. */
  took(count: number, workMs: number, commitMs: number): void {
    // Of a few publishes it is mostly what a call costs.
    if (count >= least / 4) this.#perPublishMs += weight * (Math.max(workMs / count, 0.001) - this.#perPublishMs)
    this.#syncMs += weight * (Math.max(0, commitMs - workMs) - this.#syncMs)
  }
}
