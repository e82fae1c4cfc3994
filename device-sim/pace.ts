/**
 * How fast the week goes by. `speed`: so many times faster than real life. `rate`: whatever the hour, so many events
 * per second over the whole fleet, in the order and mix of the week.
 */
export type PaceOptions = { speed: number } | { rate: number }

export type Pace = {
  /** May the entry due at `weekMs` go out now? With a rate, a yes uses up one event's allowance. */
  take: (weekMs: number) => boolean
  /** How long ago, in real milliseconds, the entry was due. */
  latenessMs: (weekMs: number) => number
}

/** A pause of the process (a suspended laptop) is caught up for at most this long, not in one burst of hours. */
const catchUpMs = 1000

export function createPace(options: PaceOptions, startWeekMs: number, now: () => number): Pace {
  let seenMs = now()
  if ('rate' in options) {
    let allowance = 0
    return {
      take: () => {
        const ms = now()
        allowance = Math.min(allowance + ((ms - seenMs) * options.rate) / 1000, Math.max(1, options.rate))
        seenMs = ms
        if (allowance < 1) return false
        allowance -= 1
        return true
      },
      latenessMs: () => 0,
    }
  }
  let weekNowMs = startWeekMs
  const advance = () => {
    const ms = now()
    weekNowMs += Math.min(ms - seenMs, catchUpMs) * options.speed
    seenMs = ms
  }
  return {
    take: weekMs => {
      advance()
      return weekMs <= weekNowMs
    },
    latenessMs: weekMs => {
      advance()
      return Math.max(0, (weekNowMs - weekMs) / options.speed)
    },
  }
}
