import { type ReadonlySignal, signal } from '@preact/signals'
import { createOffset } from './offset.ts'

/** The console's only clock: the gateway's time, whatever this machine's own says, ticking once a second on the second. */
export type Clock = {
  /** Milliseconds since 1970 at the gateway; changes once a second. Read it in a component and that ticks too. */
  readonly now: ReadonlySignal<number>
  /** The same, exactly now. */
  at(): number
  /** This machine's own, for `heard`. */
  own(): number
  /** The gateway said that it is `time` (RFC 3339); it was heard at `ownMs`, and the question left `askedMs` before, if one did. */
  heard(time: string, ownMs: number, askedMs?: number): void
  /** The gateway may be another, or its clock set: what was heard before counts no more. */
  anew(): void
}

export function createClock(): Clock {
  const offset = createOffset()
  const own = () => Date.now()
  const at = () => own() + offset.ms()
  const now = signal(at())
  const tick = () => {
    now.value = at()
    setTimeout(tick, 1000 - (at() % 1000))
  }
  tick()
  return {
    now,
    at,
    own,
    heard(time, ownMs, askedMs) {
      offset.heard(Date.parse(time), ownMs, askedMs)
      if (Math.abs(now.peek() - at()) > 1000) now.value = at()
    },
    anew: offset.anew,
  }
}
