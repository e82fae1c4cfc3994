/** A sleep that a ring cuts short. A ring that comes while nobody sleeps is kept for the next sleep. */
export function createBell() {
  let rung = false
  let wakeUp: (() => void) | undefined
  return {
    ring() {
      rung = true
      wakeUp?.()
    },
    /** Forgets a ring that came before. */
    still() {
      rung = false
    },
    async sleep(ms: number): Promise<void> {
      if (rung) return
      const woken = Promise.withResolvers<void>()
      wakeUp = woken.resolve
      const timer = setTimeout(woken.resolve, ms)
      await woken.promise
      clearTimeout(timer)
      wakeUp = undefined
    },
  }
}
