import type { FileHandle } from 'node:fs/promises'

/** A file's lines from the last to the first, in chunks of bounded memory. The file ends with a line break. */
export async function* linesBackwards(file: FileHandle): AsyncGenerator<string[], void> {
  const { size } = await file.stat()
  let rest: Buffer = Buffer.alloc(0)
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunkBytes)
    const chunk = Buffer.alloc(end - start)
    for (let at = 0; at < chunk.length; ) {
      const { bytesRead } = await file.read(chunk, at, chunk.length - at, start + at)
      if (bytesRead === 0) throw new Error('the file became shorter while it was read')
      at += bytesRead
    }
    const bytes = Buffer.concat([chunk, rest])
    end = start
    // What stands before the first line break may have begun in the chunk before.
    const firstBreak = start === 0 ? -1 : bytes.subarray(0, chunk.length).indexOf(10)
    if (start > 0 && firstBreak < 0) {
      rest = bytes
      continue
    }
    const whole = firstBreak + 1
    rest = Buffer.from(bytes.subarray(0, whole))
    const lines = bytes.toString('utf8', whole).split('\n')
    lines.pop() // behind the last line break is nothing
    yield lines.reverse()
  }
}

const chunkBytes = 256 * 1024
