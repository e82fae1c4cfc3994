import type { Fault } from '../../schemas/webhook.ts'

/**
 * Gaps in what a device says, by its own `seq` (contract 3). Late events fill them; a counter that starts anew is none. Counted
 * since the gateway's start: before a device's first number nothing is known to be missing.
 */
type Gap = { from: number; to: number; openedAt: number }
type Counter = {
  highest: number
  gaps: Gap[]
  /** In gaps that nothing can fill any more. */
  lost: number
  /** How many of the missing ones somebody was told of. */
  told: number
}

/** A device that sends its store late has so long to do it. */
const fillMs = 60_000
const toldEveryMs = 60 * 60_000
/** Of more gaps the oldest are no longer watched, and stay counted. */
const maxGaps = 64
/** A number so far ahead is another counter, not as many events that were lost. */
const maxJump = 100_000

export class SequenceGaps {
  readonly #counters = new Map<string, Counter>()
  /** Devices with something missing that nobody was told of yet. */
  readonly #untold = new Set<string>()
  readonly #toldAt: Map<string, number>

  /** `toldAt`: when each device's gap was last told, also before the start. */
  constructor(toldAt: Iterable<readonly [string, number]> = []) {
    this.#toldAt = new Map(toldAt)
  }

  missing(device: string): number {
    const counter = this.#counters.get(device)
    return counter === undefined ? 0 : missingOf(counter)
  }

  /** An event with this number came, and was no duplicate. `buffered`: sent late, so it may be behind. */
  heard(device: string, seq: number, buffered: boolean, now: number): void {
    const counter = this.#counters.get(device)
    if (counter === undefined) {
      this.#counters.set(device, { highest: seq, gaps: [], lost: 0, told: 0 })
      return
    }
    const next = counter.highest + 1
    if (seq === next) counter.highest = seq
    else if (seq < next) {
      // From before its first number, where it is not known whether it was missing.
      if (!fill(counter, seq) && !buffered) restart(counter, seq)
    } else if (seq - next > maxJump) restart(counter, seq)
    else {
      counter.highest = seq
      counter.gaps.push({ from: next, to: seq - 1, openedAt: now })
      if (counter.gaps.length > maxGaps) counter.lost += sizeOf(counter.gaps.shift())
      this.#untold.add(device)
    }
  }

  forget(device: string): void {
    this.#counters.delete(device)
    this.#untold.delete(device)
    this.#toldAt.delete(device)
  }

  /** The clock was set by so much. */
  clockMoved(byMs: number): void {
    for (const [device, at] of this.#toldAt) this.#toldAt.set(device, at + byMs)
    for (const { gaps } of this.#counters.values()) for (const gap of gaps) gap.openedAt += byMs
  }

  /** Gaps that stayed; at most one fault per device and hour. */
  tick(now: number): Fault[] {
    const faults: Fault[] = []
    for (const device of this.#untold) {
      const counter = this.#counters.get(device) as Counter
      const stayed = counter.lost + sum(counter.gaps.filter(({ openedAt }) => now - openedAt >= fillMs))
      if (stayed > counter.told) {
        if (now - (this.#toldAt.get(device) ?? Number.NEGATIVE_INFINITY) < toldEveryMs) continue
        this.#toldAt.set(device, now)
        faults.push(faultOf(device, stayed - counter.told, counter))
        counter.told = stayed
      }
      if (stayed === missingOf(counter)) this.#untold.delete(device)
    }
    return faults
  }
}

/** Whether the number was missing. */
function fill(counter: Counter, seq: number): boolean {
  const index = counter.gaps.findIndex(({ from, to }) => from <= seq && seq <= to)
  const gap = counter.gaps[index]
  if (gap === undefined) return false
  const left = [
    { ...gap, to: seq - 1 },
    { ...gap, from: seq + 1 },
  ].filter(({ from, to }) => from <= to)
  counter.gaps.splice(index, 1, ...left)
  // In the middle of a full list: one more gap than may be.
  if (counter.gaps.length > maxGaps) counter.lost += sizeOf(counter.gaps.shift())
  counter.told = Math.min(counter.told, missingOf(counter))
  return true
}

/** Its numbers begin anew: what was missing of the old ones stays missing. */
function restart(counter: Counter, seq: number): void {
  counter.highest = seq
  counter.lost = missingOf(counter)
  counter.gaps = []
}

function faultOf(device: string, count: number, { gaps }: Counter): Fault {
  const last = gaps.at(-1)
  const numbers = last === undefined ? '' : `, lately number ${last.from}${last.to > last.from ? `–${last.to}` : ''}`
  return {
    code: 'sequence-gap',
    subject: device,
    message: `${count} events of ${device} never came${numbers}; look at its connection and at its store`,
  }
}

const sizeOf = (gap: Gap | undefined): number => (gap === undefined ? 0 : gap.to - gap.from + 1)
const sum = (gaps: readonly Gap[]): number => gaps.reduce((total, gap) => total + sizeOf(gap), 0)
const missingOf = ({ lost, gaps }: Counter): number => lost + sum(gaps)
