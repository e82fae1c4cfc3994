import { readFileSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'

/** What Linux says of a process. */
const ticksPerSecond = 100

export const rssKib = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)

/** User and system time of all its threads so far. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Its name, in brackets, may hold blanks: the fields after it are counted from there.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1000
}

const idleShare = 0.05
const lookMs = 1000

/** Until it does next to nothing: what it does after its start (reading a large journal once) must not be measured with the rest. */
export async function settled(pid: number, timeoutMs = 300_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (let before = cpuMs(pid); performance.now() < deadline; ) {
    await after(lookMs)
    const now = cpuMs(pid)
    if (now - before < lookMs * idleShare) return
    before = now
  }
  throw new Error(`process ${pid} is still busy after ${timeoutMs} ms`)
}
