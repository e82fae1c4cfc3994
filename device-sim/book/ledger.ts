import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../arguments.ts'
import type { Clock } from '../clock.ts'
import type { Saying } from '../payloads.ts'
import { type AppendFile, openAppendFile } from './append-file.ts'
import { pubackedLine, publishedLine } from './ledger-line.ts'

/**
 * Every publish of an event and every puback, on disk: what `npm run sim -- audit` holds against the gateway. Segments of at
 * most `segmentChars`, named in the order in which they began; each run and each process begins its own, so several may write
 * into one directory and nothing is ever overwritten.
 */
export type Ledger = {
  published: (event: { site: string; device: string; id: string; time: string | undefined }, saying: Saying) => void
  pubacked: (device: string, id: string) => void
  flush: () => void
  close: () => void
}

const segmentChars = 32 * 1024 * 1024
const ending = '.ledger'

export function openLedger(directory: string, clock: Clock): Ledger {
  const run = `${clock()}-${process.pid}`
  let count = 0
  let chars = 0
  let closed = false
  let segment: AppendFile = next()
  function next(): AppendFile {
    count += 1
    return openAppendFile(join(directory, `${run}-${String(count).padStart(5, '0')}${ending}`), { atOnce: false })
  }
  const add = (line: string) => {
    if (closed) return // a puback that nobody writes down is one that nothing is claimed of
    if (chars > segmentChars) {
      segment.close()
      segment = next()
      chars = 0
    }
    chars += line.length + 1
    segment.add(line)
  }
  return {
    published: (event, saying) => add(publishedLine({ ...event, atMs: clock() }, saying)),
    pubacked: (device, id) => add(pubackedLine(device, id, clock())),
    flush: () => segment.flush(),
    close: () => {
      closed = true
      segment.close()
    },
  }
}

/** Oldest first. Throws Failure where there is none. */
export function segmentsOf(directory: string): { paths: string[]; bytes: number } {
  let names: string[]
  try {
    names = readdirSync(directory).filter(name => name.endsWith(ending))
  } catch (error) {
    throw new Failure(`the ledger ${directory} can't be read (${(error as NodeJS.ErrnoException).code})`)
  }
  if (names.length === 0)
    throw new Failure(`${directory} holds no ledger; npm run sim -- run --ledger ${directory} writes one`)
  const paths = names.sort().map(name => join(directory, name))
  return { paths, bytes: paths.reduce((sum, path) => sum + statSync(path).size, 0) }
}
