import { monitorEventLoopDelay } from 'node:perf_hooks'
import { monotonicMs } from './clock.ts'
import type { Log } from './log.ts'

/**
 * How late the main thread is. Everything a device or an endpoint waits for happens there, so what blocks it delays an alarm:
 * the metrics show it, and the log tells of long ones.
 */
const resolutionMs = 10
const lookMs = 100
const blockedMs = 250
const logMs = 10_000
const minuteMs = 60_000

/** Seconds. */
export type EventLoopDelay = { p50: number; p99: number; max: number }

export type EventLoopWatch = {
  /** Since it was last asked. */
  delay(): EventLoopDelay
  /** Of the last whole minute, whoever asks; undefined: there has been none. */
  lastMinute(): EventLoopDelay | undefined
  stop(): void
}

export function watchEventLoop(log: Log): EventLoopWatch {
  const minute = monitorEventLoopDelay({ resolution: resolutionMs })
  minute.enable()
  let lastMinute: EventLoopDelay | undefined
  const minutes = setInterval(() => {
    lastMinute = delayOf(minute)
  }, minuteMs)
  minutes.unref()
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  let before = monotonicMs()
  let times = 0
  let worstMs = 0
  let toldAt = Number.NEGATIVE_INFINITY
  const timer = setInterval(() => {
    const now = monotonicMs()
    const lateMs = now - before - lookMs
    before = now
    if (lateMs > blockedMs) {
      times++
      worstMs = Math.max(worstMs, lateMs)
    }
    if (times === 0 || now - toldAt < logMs) return
    log.warn({ times, worstMs: Math.round(worstMs) }, 'event-loop.blocked')
    toldAt = now
    times = 0
    worstMs = 0
  }, lookMs)
  timer.unref()
  return {
    delay: () => delayOf(histogram),
    lastMinute: () => lastMinute,
    stop() {
      clearInterval(timer)
      clearInterval(minutes)
      histogram.disable()
      minute.disable()
    },
  }
}

/** What is recorded is the time from one look to the next. Begins anew. */
function delayOf(histogram: ReturnType<typeof monitorEventLoopDelay>): EventLoopDelay {
  const seconds = (ns: number) => Math.max(0, ns / 1e6 - resolutionMs) / 1000
  const delay = {
    p50: seconds(histogram.percentile(50)),
    p99: seconds(histogram.percentile(99)),
    max: seconds(histogram.max),
  }
  histogram.reset()
  return delay
}
