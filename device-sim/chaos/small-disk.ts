import { execFile, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { effectiveUser } from '../config.ts'

/** A disk that can be filled without hurting anybody: a small tmpfs. */
export type SmallDisk = {
  directory: string
  /** Until not one byte is free. */
  fill: () => void
  free: () => void
  unmount: () => Promise<void>
}

/** A sentence saying why there is none: mounting needs root, and not every container lets root do it. */
export async function mountSmallDisk(directory: string, bytes: number): Promise<SmallDisk | string> {
  if (process.platform !== 'linux') return `no tmpfs on ${process.platform}`
  if (effectiveUser() !== 0) return 'mounting a small disk needs root'
  mkdirSync(directory, { recursive: true })
  try {
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'gatehouse-chaos', directory])
  } catch (error) {
    return `a small disk can't be mounted here: ${(error as Error).message.trim().split('\n').at(-1)}`
  }
  // Whatever ends us: no mount stays behind. Lazily, for the gateway may still be on it.
  const unmountWithUs = () => spawnSync('umount', ['-l', directory])
  process.on('exit', unmountWithUs)
  const ballast = join(directory, 'ballast')
  return {
    directory,
    fill: () => fillUp(ballast),
    free: () => rmSync(ballast, { force: true }),
    unmount: async () => {
      process.off('exit', unmountWithUs)
      await promisify(execFile)('umount', ['-l', directory])
    },
  }
}

function fillUp(path: string): void {
  const file = openSync(path, 'a')
  try {
    for (let piece = Buffer.alloc(1024 * 1024); piece.length > 0; )
      try {
        if (writeSync(file, piece) < piece.length) piece = piece.subarray(0, 4096)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        piece = piece.length > 4096 ? piece.subarray(0, 4096) : Buffer.alloc(0)
      }
  } finally {
    closeSync(file)
  }
}
