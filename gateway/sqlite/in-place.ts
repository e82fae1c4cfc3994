import { closeSync, fstatSync, openSync } from 'node:fs'
import { OperationalError } from '../errors.ts'

/**
 * A journal whose file was deleted under the running gateway goes on being written, to nowhere: each PUBACK would be a lie.
 * So it is asked at each commit, 2 µs of some hundreds, whether the file and its WAL still have a name.
 *
 * The descriptors must stay open for as long as any connection of this process: a closed one takes SQLite's locks along.
 */
export function inPlace(file: string): { assert(): void; close(): void } {
  const names = [file, `${file}-wal`]
  const descriptors = names.map(name => openSync(name, 'r'))
  return {
    assert() {
      for (const [index, descriptor] of descriptors.entries())
        if (fstatSync(descriptor).nlink === 0)
          throw new OperationalError(
            'journal-gone',
            `${names[index]}: was deleted while the gateway ran; nothing more is acknowledged`,
            { retryable: true },
          )
    },
    close() {
      for (const descriptor of descriptors) closeSync(descriptor)
    },
  }
}
