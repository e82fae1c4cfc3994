import { closeSync, openSync, readSync } from 'node:fs'

/**
 * A file's whole lines, in chunks of bounded memory. What stands after the last line break is left out: its writer was killed
 * in the middle of it, or is still at it. `onTorn` hears of it.
 */
export function* linesOf(path: string, onTorn?: () => void): Generator<string, void> {
  const file = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    let rest: Buffer = Buffer.alloc(0)
    for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk)) {
      const bytes = Buffer.concat([rest, chunk.subarray(0, count)])
      const end = bytes.lastIndexOf(10)
      if (bytes.length - end > maxLineBytes) throw new Error(`${path} has a line of more than ${maxLineBytes} bytes`)
      rest = Buffer.from(bytes.subarray(end + 1))
      if (end > 0) yield* bytes.toString('utf8', 0, end).split('\n')
    }
    if (rest.length > 0) onTorn?.()
  } finally {
    closeSync(file)
  }
}

const chunkBytes = 256 * 1024
const maxLineBytes = 4 * 1024 * 1024
