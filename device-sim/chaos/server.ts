import { setTimeout as after } from 'node:timers/promises'
import { Failure } from '../arguments.ts'
import type { Child } from '../child.ts'
import { monotonicMs } from '../clock.ts'

/** A process that may be killed, frozen and started again, and is found by whoever needs it through a line that is aimed at it. */
export type Server = {
  /** Tries again while it doesn't start, for instance since its disk is full. Throws Failure after a minute of it. */
  start: () => Promise<void>
  /** Resolves when it is gone. */
  kill: () => Promise<void>
  freeze: () => void
  thaw: () => void
  end: () => Promise<void>
}

const startDeadlineMs = 60_000
const startPauseMs = 500
const goodbyeMs = 10_000

/** `onDied`: it ended and nobody had asked for it. */
export function createServer(launch: () => Promise<Child>, onDied: (how: string) => void): Server {
  let child: Child | undefined
  const leave = () => {
    const leaving = child
    child = undefined
    return leaving
  }
  return {
    start: async () => {
      const endMs = monotonicMs() + startDeadlineMs
      for (;;)
        try {
          const started = await launch()
          child = started
          void started.ended.then(how => {
            if (child !== started) return
            child = undefined
            onDied(`${how}. Its last line: ${started.tail().at(-1) ?? 'none'}`)
          })
          return
        } catch (error) {
          if (!(error instanceof Failure) || monotonicMs() > endMs) throw error
          await after(startPauseMs)
        }
    },
    kill: async () => await leave()?.kill(),
    freeze: () => child?.freeze(),
    thaw: () => child?.thaw(),
    end: async () => {
      child?.thaw()
      await leave()?.end(goodbyeMs)
    },
  }
}
