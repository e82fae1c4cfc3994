import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A helper process of a benchmark: it says things line by line, and ends when its standard input does. */
export type Bench = {
  line: () => Promise<string>
  last: () => string | undefined
  tell: (text: string) => void
  end: () => Promise<void>
}

/** A benchmark that fails, or is interrupted, must not leave a process behind. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export function endWithUs(child: ChildProcess): void {
  running.add(child)
  child.once('exit', () => running.delete(child))
}

export function startBench(file: string, ...args: (string | number)[]): Bench {
  const child: ChildProcess = spawn(process.execPath, [new URL(file, import.meta.url).pathname, ...args.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  endWithUs(child)
  const exited = once(child, 'exit')
  const lines: string[] = []
  let last: string | undefined
  let waiting: ((line: string) => void) | undefined
  createInterface({ input: child.stdout! }).on('line', line => {
    last = line
    if (waiting === undefined) lines.push(line)
    else {
      waiting(line)
      waiting = undefined
    }
    if (lines.length > 1000) lines.shift()
  })
  return {
    line: () => {
      const next = lines.shift()
      return next === undefined
        ? new Promise(resolve => {
            waiting = resolve
          })
        : Promise.resolve(next)
    },
    last: () => last,
    tell: text => void child.stdin?.write(text),
    end: async () => {
      child.stdin?.end()
      await exited
    },
  }
}
