import type { Fault } from '../../schemas/webhook.ts'
import { faults } from '../alarms/faults.ts'
import type { GatewayClock } from '../clock.ts'
import type { Log } from '../log.ts'

/**
 * Somebody sets the system's clock: an hour ahead, an hour back, or by a year. What was planned on the old time, deadlines and
 * the next attempts, moves by as much in one transaction; then the gateway's clock follows, and what is stamped from then on
 * has the new time. So an interval stays as long as it was, and nobody is told of what didn't happen.
 */
const lookMs = 250
/** A step ahead that could make something old; what a network's time does to a machine that was asleep is less. */
const worthDoubtMs = 10 * 60_000

export function keepTime(options: {
  time: GatewayClock
  desk: { moveClock(byMs: number, done: () => void): void }
  /** What holds times in memory. */
  moved: (byMs: number) => void
  announce: (fault: Fault) => void
  log: Log
}): { stop(): void; steadyForMs(): number } {
  const { time, desk, moved, announce, log } = options
  let moving = false
  let steppedAt: number | undefined
  const look = () => {
    if (moving) return
    const byMs = time.step()
    if (byMs === 0) return
    moving = true
    if (byMs > worthDoubtMs) steppedAt = time.steady()
    desk.moveClock(byMs, () => {
      time.adopt(byMs)
      moved(byMs)
      moving = false
      log.warn({ byMs }, 'clock.stepped')
      announce(faults.clockStepped(byMs))
    })
  }
  const timer = setInterval(look, lookMs)
  return {
    stop: () => clearInterval(timer),
    /** How long nobody has set it ahead by more than minutes, ms. */
    steadyForMs: () => (steppedAt === undefined ? Number.POSITIVE_INFINITY : time.steady() - steppedAt),
  }
}
