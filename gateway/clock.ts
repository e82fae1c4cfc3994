/** Wall-clock milliseconds since 1970. Everything that needs the time takes one of these; only this file asks the system. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()

/** Milliseconds that never jump, for durations. */
export const elapsedSince = (startMs: number): number => performance.now() - startMs
export const monotonicMs = (): number => performance.now()

export const iso = (ms: number): string => new Date(ms).toISOString()
