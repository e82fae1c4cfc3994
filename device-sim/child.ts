import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** A server process that ends with us, and only through us. */
export type Child = {
  /** How it ended, in words. Never rejects. */
  ended: Promise<string>
  /** The last 20 lines it wrote, for a person who must find out why it failed. */
  tail: () => readonly string[]
  /** SIGKILL: no goodbye. Resolves when it is gone. */
  kill: () => Promise<void>
  /** SIGSTOP and SIGCONT: it lives and does nothing. */
  freeze: () => void
  thaw: () => void
  /** SIGTERM, and SIGKILL after `graceMs`. Resolves when it is gone. */
  end: (graceMs: number) => Promise<void>
}

type ChildOptions = { env: Record<string, string>; cwd: string; onLine?: (line: string) => void }

const keptLines = 20

export function startChild(command: string, args: readonly string[], options: ChildOptions): Child {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group: a Ctrl-C goes to the terminal's whole group, and the order of stopping is ours.
    detached: true,
  })
  const tail: string[] = []
  const follow = (stream: Readable) =>
    createInterface({ input: stream }).on('line', line => {
      tail.push(line)
      if (tail.length > keptLines) tail.shift()
      options.onLine?.(line)
    })
  follow(child.stdout)
  follow(child.stderr)

  let running = true
  const signal = (name: NodeJS.Signals) => {
    if (!running || child.pid === undefined) return
    try {
      process.kill(-child.pid, name)
    } catch {
      // ESRCH: it has just ended by itself
    }
  }
  // Whatever ends us, a thrown error as well: nothing stays behind.
  const killWithUs = () => signal('SIGKILL')
  process.on('exit', killWithUs)

  const ended = new Promise<string>(resolve => {
    const over = (how: string) => {
      running = false
      process.off('exit', killWithUs)
      resolve(how)
    }
    child.once('error', error => over(`can't be started: ${error.message}`))
    child.once('close', (code, by) => over(by === null ? `ended with code ${code}` : `was ended by ${by}`))
  })
  return {
    ended,
    tail: () => tail,
    kill: async () => {
      signal('SIGKILL')
      await ended
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    end: async graceMs => {
      signal('SIGTERM')
      const timer = setTimeout(() => signal('SIGKILL'), graceMs)
      await ended
      clearTimeout(timer)
    },
  }
}
