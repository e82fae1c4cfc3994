/** Wall-clock milliseconds since 1970. The only file of the simulator that asks the system for the time. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()

/** Milliseconds that never jump, for durations. */
export const monotonicMs: Clock = () => performance.now()

const shanghaiOffsetMs = 8 * 3_600_000

/** RFC 3339 as a device in Asia/Shanghai says it (no summer time there): `2026-11-24T08:15:00.250+08:00`. */
export const shanghaiTime = (ms: number): string =>
  `${new Date(ms + shanghaiOffsetMs).toISOString().slice(0, -1)}+08:00`

const dayMs = 86_400_000

/** Milliseconds since Monday 00:00 in Shanghai. 1970-01-01 was a Thursday. */
export const shanghaiWeekMs = (ms: number): number => (ms + shanghaiOffsetMs + 3 * dayMs) % (7 * dayMs)
