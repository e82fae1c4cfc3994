import { readFileSync } from 'node:fs'

/** Resident memory of a process, KiB (Linux). */
export const rssKib = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
