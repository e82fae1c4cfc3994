/** While something that an alarm's way needs was down, its deadline does not count. Pure. Times: ms since 1970. */
export type Outage = { fromMs: number; toMs: number; what: string }
export type Window = { fromMs: number; toMs: number }

/** Contract 5: the pauses between attempts. A device is back within them too. */
const pausesMs = [1000, 2000, 4000, 8000, 15_000] as const
const jitter = 1.1

/**
 * How long after an outage the next attempt may still be due: what failed all through it waits for its next turn. Attempts
 * come after 0, 1, 3, 7, 15, 30, 45 … s of failing.
 */
export function pauseAfterMs(lastedMs: number): number {
  let failedForMs = 0
  for (const pauseMs of pausesMs) {
    failedForMs += pauseMs * jitter
    if (lastedMs < failedForMs) return pauseMs * jitter
  }
  return pausesMs.at(-1)! * jitter
}

/** The outages with the pauses after them, in order, apart from each other: one that begins in a pause goes on with the one before. */
export function excusedWindows(outages: readonly Outage[]): Window[] {
  const windows: Window[] = []
  let open: Window | undefined
  for (const { fromMs, toMs } of outages.toSorted((one, other) => one.fromMs - other.fromMs)) {
    if (open !== undefined && fromMs <= withPause(open).toMs) open.toMs = Math.max(open.toMs, toMs)
    else {
      if (open !== undefined) windows.push(withPause(open))
      open = { fromMs, toMs }
    }
  }
  if (open !== undefined) windows.push(withPause(open))
  return windows
}

const withPause = ({ fromMs, toMs }: Window): Window => ({ fromMs, toMs: toMs + pauseAfterMs(toMs - fromMs) })

/** How much of the time between both ends was outside of all windows. */
export function countedMs(fromMs: number, toMs: number, windows: readonly Window[]): number {
  let counted = toMs - fromMs
  for (const window of windows) counted -= Math.max(0, Math.min(toMs, window.toMs) - Math.max(fromMs, window.fromMs))
  return counted
}
