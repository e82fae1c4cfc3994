/**
 * How many alarm events may be ahead of the alarm desk, which follows them one by one: a device that raises alarms without end
 * would else stand before everybody else's, not in the queue to the disk but in the journal behind it. Up to `free` nobody is held
 * back; beyond it each device has at most one on its way. What is held back waits without a PUBACK.
 */
export type Paced = { alarmsAhead: number }

const free = 64

export class AlarmPace<S extends Paced> {
  #ahead = 0
  /** On disk and not passed by the desk, by number. */
  #stored: { seq: number; sender: S }[] = []

  mayGo(sender: S): boolean {
    return this.#ahead < free || sender.alarmsAhead === 0
  }

  goes(sender: S): void {
    this.#ahead++
    sender.alarmsAhead++
  }

  /** It is on disk under this number; undefined: it isn't, or was there before. */
  stored(sender: S, seq: number | undefined): void {
    if (seq === undefined) this.#settle(sender)
    else this.#stored.push({ seq, sender })
  }

  /** The desk is done with all up to this number. */
  passed(upTo: number): void {
    let count = 0
    for (; count < this.#stored.length; count++) {
      const { seq, sender } = this.#stored[count] as { seq: number; sender: S }
      if (seq > upTo) break
      this.#settle(sender)
    }
    if (count > 0) this.#stored.splice(0, count)
  }

  #settle(sender: S): void {
    this.#ahead--
    sender.alarmsAhead--
  }
}
