/**
 * How far this machine's clock is behind the gateway's. What the gateway says arrives late and never early, so of the last
 * answers the one that puts it furthest ahead is the truest.
 */
const kept = 8

export function createOffset() {
  let samples: number[] = []
  return {
    ms: (): number => (samples.length === 0 ? 0 : Math.max(...samples)),
    /** All in ms; `askedMs`: when the question left, so that half of the way can be taken off. */
    heard(gatewayMs: number, ownMs: number, askedMs = ownMs): void {
      if (Number.isNaN(gatewayMs)) return
      const sample = gatewayMs + (ownMs - askedMs) / 2 - ownMs
      // A clock that was set: what was heard before it is no measure.
      if (samples.some(other => Math.abs(other - sample) > 2000)) samples = []
      samples = [...samples, sample].slice(-kept)
    },
    anew: (): void => {
      samples = []
    },
  }
}
