import { computed, type ReadonlySignal, signal } from '@preact/signals'

/**
 * What the stream doesn't tell is read: each list when the line is live, every few minutes, and soon after something happened to
 * what it holds. One that fails holds up nothing else: it is read again by itself, ever less often.
 */
export const listNames = ['sites', 'devices', 'closed'] as const
export type ListName = (typeof listNames)[number]

export type Lists = {
  /** Those whose last reading failed: what is shown of them may be old or not all. */
  readonly failed: ReadonlySignal<readonly ListName[]>
  /** Reads all of them. Nothing where they are kept already. */
  start(): void
  stop(): void
  /** Something happened that this list holds: it is read within a few seconds, once for all that happens until then. */
  soon(name: ListName): void
}

const everyMs = 3 * 60_000
const soonMs = 3000
const afterFailureMs = [1000, 2000, 5000, 15_000, 30_000]
/** Consoles that were told the same don't all ask at once. */
const about = (ms: number) => ms * (0.75 + Math.random() / 2)

export function createLists(read: (name: ListName, abort: AbortSignal) => Promise<void>): Lists {
  const kept = listNames.map(name => ({ name, list: createList(abort => read(name, abort)) }))
  return {
    failed: computed(() => kept.filter(({ list }) => list.hasFailed.value).map(({ name }) => name)),
    start: () => {
      for (const { list } of kept) list.start()
    },
    stop: () => {
      for (const { list } of kept) list.stop()
    },
    soon: name => kept.find(one => one.name === name)?.list.soon(),
  }
}

function createList(read: (abort: AbortSignal) => Promise<void>) {
  const hasFailed = signal(false)
  let running: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let isReading = false
  /** Something happened since the last reading began. */
  let isBehind = false

  async function turn(): Promise<void> {
    const own = running
    if (own === undefined) return
    isReading = true
    isBehind = false
    const failed = await read(own.signal).then(
      () => false,
      () => true,
    )
    // Stopped meanwhile, perhaps started anew: that reading is another's.
    if (own !== running) return
    isReading = false
    failures = failed ? failures + 1 : 0
    hasFailed.value = failed
    const afterFailure = afterFailureMs[Math.min(failures, afterFailureMs.length) - 1]
    timer = setTimeout(turn, about(afterFailure ?? (isBehind ? soonMs : everyMs)))
  }

  return {
    hasFailed,
    start() {
      if (running !== undefined) return
      running = new AbortController()
      void turn()
    },
    stop() {
      running?.abort()
      running = undefined
      clearTimeout(timer)
      failures = 0
      hasFailed.value = false
    },
    soon() {
      const isDue = isReading || isBehind || failures > 0
      isBehind = true
      if (isDue || running === undefined) return
      clearTimeout(timer)
      timer = setTimeout(turn, about(soonMs))
    },
  }
}
