import { runsUnderNpm } from './config.ts'

/**
 * Aborted by the first SIGINT, SIGTERM or SIGHUP: finish what is under way. A second SIGINT from a person who waits in
 * vain ends the process at once with 130; one within `settleMs` is the same Ctrl-C, which npm passes on once more.
 */
const settleMs = 1500
const parentCheckMs = 500

export function stopOnSignal(now: () => number): AbortSignal {
  const controller = new AbortController()
  let stoppedMs: number | undefined
  const stop = (signal: NodeJS.Signals) => {
    if (stoppedMs === undefined) {
      stoppedMs = now()
      controller.abort()
    } else if (signal === 'SIGINT' && now() - stoppedMs > settleMs) process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  // The reader of our output is gone (`| head`): nobody sees what we do, so stop as well.
  process.stdout.on('error', () => stop('SIGTERM'))
  if (runsUnderNpm()) stopWithParent(() => stop('SIGTERM'))
  return controller.signal
}

/** A SIGTERM to npm ends npm and its shell, but never reaches us: all we see is that another process is our parent. */
function stopWithParent(stop: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, parentCheckMs)
  timer.unref()
}

/** Resolves when aborted, or after `ms` where given. */
export function untilStopped(signal: AbortSignal, ms?: number): Promise<void> {
  return new Promise(resolve => {
    const timer = ms === undefined ? undefined : setTimeout(finish, ms)
    function finish() {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    if (signal.aborted) finish()
    else signal.addEventListener('abort', finish)
  })
}
