import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from './directory.ts'

/**
 * A disk that falls sick on command under a real gateway: disk-fault/disk-fault.c, compiled here and loaded by LD_PRELOAD, which
 * fails or delays the system calls on the journal's files. The control file is shared memory, so what is set holds at once.
 */
export type DiskFault = {
  /** For `startGateway`. */
  env: Record<string, string>
  /** What isn't named is well. */
  set(sick: Sickness): void
  counts(): { failedSyncs: number; failedWrites: number; failedReads: number; syncs: number }
}
export type Errno = 'EIO' | 'ENOSPC' | 'EROFS'
export type Sickness = {
  sync?: Errno
  syncDelayMs?: number
  write?: Errno
  /** Writes fail only for as long as the gateway keeps its reserve. */
  whileReserve?: boolean
  /** So many bytes of a write that fails arrive. */
  tornBytes?: number
  read?: Errno
  /** A failed fsync loses what was written since the last that worked; from when it was set. */
  loses?: boolean
  freeBytes?: number
  /** Whoever asks what is free is not answered while it is set. */
  hangingStatfs?: boolean
}

const countersAt = 40
const bytes = 56

export function diskFault(): DiskFault {
  const dir = temporaryDirectory()
  const library = join(dir, 'disk-fault.so')
  const source = new URL('./disk-fault/disk-fault.c', import.meta.url).pathname
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl', '-lpthread'], { stdio: 'pipe' })
  } catch (error) {
    throw new Error(
      `test/helpers/disk-fault/disk-fault.c can't be compiled: these tests need Linux with a C compiler as "cc" (apt-get install gcc libc6-dev). ${error}`,
    )
  }
  const control = join(dir, 'control')
  writeFileSync(control, Buffer.alloc(bytes))
  const fd = openSync(control, 'r+')
  onTestFinished(() => closeSync(fd))
  const fault: DiskFault = {
    env: { LD_PRELOAD: library, GATEHOUSE_TEST_DISK_FAULT: control },
    set(sick) {
      const { sync, syncDelayMs = 0, write, read, loses = false, whileReserve = false, hangingStatfs = false } = sick
      const { tornBytes = 0, freeBytes = -1 } = sick
      const page = Buffer.alloc(countersAt)
      for (const [index, value] of [
        codeOf(sync),
        syncDelayMs,
        codeOf(write),
        codeOf(read),
        +loses,
        tornBytes,
        +whileReserve,
        +hangingStatfs,
      ].entries())
        page.writeInt32LE(value, 4 * index)
      page.writeBigInt64LE(BigInt(freeBytes), 32)
      writeSync(fd, page, 0, countersAt, 0)
    },
    counts() {
      const page = readFileSync(control)
      const [failedSyncs, failedWrites, failedReads, syncs] = [0, 1, 2, 3].map(index =>
        page.readInt32LE(countersAt + 4 * index),
      ) as [number, number, number, number]
      return { failedSyncs, failedWrites, failedReads, syncs }
    },
  }
  fault.set({})
  return fault
}

const codeOf = (name: Errno | undefined): number => (name === undefined ? 0 : constants.errno[name])
