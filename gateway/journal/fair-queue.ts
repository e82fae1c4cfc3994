/**
 * Whose turn it is. What waits stands in a lane per device; lanes are taken round robin, at most `turnItems` items and about
 * `turnBytes` bytes a turn. So whoever has a lot to say waits behind itself, and has everything while nobody else is there.
 *
 * Linked through the items and lanes themselves: no allocation, no look-up, each step O(1).
 */
export type Item<I> = { bytes: number; next: I | undefined }

export class Lane<I extends Item<I>> {
  first: I | undefined
  last: I | undefined
  length = 0
  /** The lane behind it; itself at the end. undefined: it doesn't stand in line. */
  behind: Lane<I> | undefined
  isAside = false
}

export class FairQueue<I extends Item<I>> {
  readonly #turnItems: number
  readonly #turnBytes: number
  #front: Lane<I> | undefined
  #back: Lane<I> | undefined
  #takenItems = 0
  #takenBytes = 0
  #size = 0

  constructor(turn: { items: number; bytes: number }) {
    this.#turnItems = turn.items
    this.#turnBytes = turn.bytes
  }

  /** What may be taken: not what is set aside. */
  get size(): number {
    return this.#size
  }

  /** What `shift` would take. */
  get next(): I | undefined {
    return this.#front?.first
  }

  push(lane: Lane<I>, item: I): void {
    if (lane.last === undefined) lane.first = item
    else lane.last.next = item
    lane.last = item
    lane.length++
    if (lane.isAside) return
    this.#size++
    if (lane.behind === undefined) this.#line(lane)
  }

  /** The lane of `next` leaves the line with all that waits in it, until `resume`. */
  setAside(): Lane<I> | undefined {
    const lane = this.#front
    if (lane === undefined) return undefined
    this.#leave(lane)
    this.#size -= lane.length
    lane.isAside = true
    return lane
  }

  resume(lane: Lane<I>): void {
    lane.isAside = false
    this.#size += lane.length
    if (lane.first !== undefined) this.#line(lane)
  }

  /** The next item; undefined: nothing waits. */
  shift(): I | undefined {
    const lane = this.#front
    const item = lane?.first
    if (lane === undefined || item === undefined) return undefined
    this.#size--
    lane.length--
    lane.first = item.next
    item.next = undefined
    this.#takenItems++
    this.#takenBytes += item.bytes
    const isEmpty = lane.first === undefined
    if (isEmpty) lane.last = undefined
    if (isEmpty || this.#takenItems >= this.#turnItems || this.#takenBytes >= this.#turnBytes) this.#endTurn(lane)
    return item
  }

  #line(lane: Lane<I>): void {
    lane.behind = lane
    if (this.#back === undefined) this.#front = lane
    else this.#back.behind = lane
    this.#back = lane
  }

  #endTurn(lane: Lane<I>): void {
    this.#leave(lane)
    if (lane.first !== undefined) this.#line(lane)
  }

  #leave(lane: Lane<I>): void {
    this.#takenItems = 0
    this.#takenBytes = 0
    this.#front = lane.behind === lane ? undefined : lane.behind
    if (this.#front === undefined) this.#back = undefined
    lane.behind = undefined
  }
}
