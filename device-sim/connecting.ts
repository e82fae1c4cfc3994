import type { DeviceListener } from './device.ts'

export type Connecting = {
  listenerFor: (deviceId: string) => DeviceListener
  /** Until so many devices are connected or refused, the deadline, or stopped: late ones join by themselves. */
  settled: (count: number) => Promise<void>
  lastReason: () => string | undefined
}

/** Follows the fleet's first connections; tells a person about refusals, once per device. */
export function watchConnecting(options: {
  deadlineMs: number
  stopped: AbortSignal
  onProblem: (line: string) => void
}): Connecting {
  const done = new Set<string>()
  const refused = new Set<string>()
  let lastReason: string | undefined
  let waiting: (() => void) | undefined
  return {
    lastReason: () => lastReason,
    listenerFor: (deviceId: string) => ({
      connected: () => {
        done.add(deviceId)
        waiting?.()
      },
      failed: (reason: string, code: number | undefined) => {
        lastReason = reason
        if (code === undefined || refused.has(deviceId)) return
        refused.add(deviceId)
        done.add(deviceId)
        options.onProblem(`${deviceId} was refused: ${reason} (CONNACK ${code})`)
        waiting?.()
      },
    }),
    settled: count =>
      new Promise(resolve => {
        const finish = () => {
          clearTimeout(timer)
          options.stopped.removeEventListener('abort', finish)
          resolve()
        }
        const timer = setTimeout(finish, options.deadlineMs)
        options.stopped.addEventListener('abort', finish)
        waiting = () => {
          if (done.size >= count || options.stopped.aborted) finish()
        }
        waiting()
      }),
  }
}
