import type { Indicate } from '../schemas/command.ts'
import type { WebhookMessage } from '../schemas/webhook.ts'

/** What came where and when, in the order in which it came: what a scenario's report is made of. Times are monotonic. */
export type Told = { centre: string; message: WebhookMessage; atMs: number }
export type Shown = { device: string; indicate: Indicate; atMs: number }

export type Chronicle = {
  told: readonly Told[]
  shown: readonly Shown[]
  noteTold: (told: Told) => void
  noteShown: (shown: Shown) => void
  /** True once `found` holds, asked again at each note; false when it doesn't within `ms`. */
  until: (found: () => boolean, ms: number, stopped?: AbortSignal) => Promise<boolean>
}

const maxKept = 20_000

export function createChronicle(): Chronicle {
  const told: Told[] = []
  const shown: Shown[] = []
  const waiting = new Set<() => void>()
  const keep = <T>(list: T[], entry: T) => {
    if (list.length < maxKept) list.push(entry)
    for (const ask of waiting) ask()
  }
  return {
    told,
    shown,
    noteTold: entry => keep(told, entry),
    noteShown: entry => keep(shown, entry),
    until: (found, ms, stopped) =>
      new Promise(resolve => {
        const end = (result: boolean) => {
          clearTimeout(timer)
          waiting.delete(ask)
          stopped?.removeEventListener('abort', give)
          resolve(result)
        }
        const ask = () => found() && end(true)
        const give = () => end(false)
        const timer = setTimeout(give, ms)
        waiting.add(ask)
        stopped?.addEventListener('abort', give)
        if (stopped?.aborted) give()
        else ask()
      }),
  }
}
