/**
 * Contract 5: after 0, 1, 2, 4, 8, 15 s and then every 15 s, until delivered; a 4xx the same at first, and every 60 s once it
 * repeats: an endpoint that refuses twice won't take it by being asked more often.
 */
const delaysMs = [0, 1000, 2000, 4000, 8000, 15_000] as const
const lastDelayMs = 15_000
const refusedDelayMs = 60_000

/** `attempts` made so far (≥ 1), `refusals` 4xx answers in a row. `random` in [0, 1) spreads many deliveries by ±10 %. */
export function delayAfterMs(attempts: number, refusals: number, random: number): number {
  const delayMs = refusals >= 2 ? refusedDelayMs : (delaysMs[attempts - 1] ?? lastDelayMs)
  return Math.round(delayMs * (0.9 + 0.2 * random))
}

/** The longest that an attempt is put off. */
export const maxDelayMs = refusedDelayMs * 1.1

export const isRefusal = (status: number | null): boolean => status !== null && status >= 400 && status < 500
