import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Lines at the end of a file, gathered and written at least each second and when the process exits: a SIGKILL costs what came
 * since the last flush, never what was flushed. Not synced to the disk: it survives our death, not the machine's.
 * Throws where the disk takes nothing: a record that can't be kept must not be believed to be.
 */
export type AppendFile = {
  add: (line: string) => void
  flush: () => void
  /** Flushes and closes; nothing may be added after it. */
  close: () => void
}

const gatheredChars = 64 * 1024
const flushEveryMs = 1000

/** `atOnce`: each line is in the file when `add` returns. */
export function openAppendFile(path: string, options: { atOnce: boolean }): AppendFile {
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(path, 'a+', 0o600)
  // Whoever wrote before may have been killed in the middle of a line: that one is lost, the next must not be.
  let gathered = endsTorn(file) ? '\n' : ''
  const flush = () => {
    if (gathered === '') return
    const bytes = Buffer.from(gathered)
    gathered = ''
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
  }
  const timer = setInterval(flush, flushEveryMs).unref()
  process.on('exit', flush)
  return {
    add: line => {
      gathered += `${line}\n`
      if (options.atOnce || gathered.length >= gatheredChars) flush()
    },
    flush,
    close: () => {
      clearInterval(timer)
      process.off('exit', flush)
      flush()
      closeSync(file)
    },
  }
}

function endsTorn(file: number): boolean {
  const { size } = fstatSync(file)
  const last = Buffer.alloc(1)
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 10
}
