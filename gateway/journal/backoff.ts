import type { Clock } from '../clock.ts'

export type Backoff = ReturnType<typeof createBackoff>
export type Trouble = { code: string; message: string }
export type BackoffOptions = {
  /** The first wait; each next one is twice as long, up to `lastMs`. Each is shortened by up to a half at random. */
  firstMs: number
  lastMs: number
  clock: Clock
  random: () => number
  sleep: (ms: number) => Promise<void>
  /** Told once when trouble starts and once when it is over, not at each try. */
  onWaiting: (trouble: Trouble) => void
  onRecovered: (waitedMs: number) => void
}

/**
 * One wait shared by all that need the same thing that is out of order: whoever fails while others wait joins them.
 */
export function createBackoff({ firstMs, lastMs, clock, random, sleep, onWaiting, onRecovered }: BackoffOptions) {
  let nextMs = firstMs
  let pause: Promise<void> | undefined
  let trouble: (Trouble & { sinceMs: number }) | undefined
  return {
    /** Resolves when it is time for another try. */
    async failed(code: string, message: string): Promise<void> {
      if (trouble === undefined) {
        trouble = { code, message, sinceMs: clock() }
        onWaiting(trouble)
      } else trouble = { ...trouble, code, message }
      if (pause === undefined) {
        pause = sleep(nextMs * (1 - random() / 2)).finally(() => {
          pause = undefined
        })
        nextMs = Math.min(nextMs * 2, lastMs)
      }
      await pause
    },
    succeeded(): void {
      nextMs = firstMs
      if (trouble === undefined) return
      const waitedMs = clock() - trouble.sinceMs
      trouble = undefined
      onRecovered(waitedMs)
    },
    trouble: () => trouble,
  }
}
