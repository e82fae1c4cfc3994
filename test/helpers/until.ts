import { setTimeout as after } from 'node:timers/promises'

/** Asks again until the answer is not undefined or false; the deadline is there to fail, not to wait for. */
export async function until<T>(
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  what: string,
  timeoutMs = 45_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await after(20)
  }
}
