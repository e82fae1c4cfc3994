import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { endianness } from 'node:os'
import { crc32 } from 'node:zlib'
import { messageOf } from '../errors.ts'

/**
 * What a start finds in the WAL that a killed gateway left. SQLite reads it up to the first frame whose check sum is wrong, which
 * is right for a commit that was under way, and drops without a word what follows a frame that the disk changed. The two can be
 * told apart: each commit was synced before the next began, so where whole commits follow the wrong frame, that was on disk
 * once and what it held was acknowledged. (In the very last commit they look alike.)
 *
 * Format: https://www.sqlite.org/fileformat2.html#walformat
 */
const headerBytes = 32
const frameHeaderBytes = 24
/** A WAL is some MiB; one that is larger than memory likes was left by a backup that was under way, and isn't looked at. */
const maxBytes = 256 * 1024 * 1024

/** What is wrong, for a person; undefined: nothing that could have been acknowledged is lost. */
export function findWalDamage(wal: Uint8Array<ArrayBuffer>): { frame: number; commits: number } | undefined {
  if (wal.byteLength < headerBytes + frameHeaderBytes) return undefined
  const view = new DataView(wal.buffer, wal.byteOffset, wal.byteLength)
  const isBigEndian = (view.getUint32(0) & 1) === 1
  const pageBytes = view.getUint32(8)
  // Another machine's, or no WAL at all: SQLite will say so.
  if (view.getUint32(0) >>> 1 !== magic >>> 1 || isBigEndian !== (endianness() === 'BE') || pageBytes % 512 !== 0)
    return undefined
  const words = new Uint32Array(wal.buffer, wal.byteOffset, wal.byteLength >> 2)
  const sum: Sum = { one: 0, two: 0 }
  const isNext = (at: number, [from, to]: [number, number]) => {
    add(sum, words, from >> 2, to >> 2)
    const [one, two] = [view.getUint32(at), view.getUint32(at + 4)]
    const isRight = sum.one === one && sum.two === two
    sum.one = one
    sum.two = two
    return isRight
  }
  let damaged = isNext(24, [0, 24]) ? undefined : 0
  let commits = 0
  const stride = frameHeaderBytes + pageBytes
  for (let at = headerBytes, frame = 1; at + stride <= wal.byteLength; at += stride, frame++) {
    // Of an earlier round.
    if (view.getUint32(at + 8) !== view.getUint32(16) || view.getUint32(at + 12) !== view.getUint32(20)) break
    add(sum, words, at >> 2, (at + 8) >> 2)
    const isRight = isNext(at + 16, [at + frameHeaderBytes, at + stride])
    if (!isRight) {
      // A second one: behind the first there may be leftovers of commits that failed, and they prove nothing.
      if (damaged !== undefined) break
      damaged = frame
    }
    if (damaged !== undefined && view.getUint32(at + 4) > 0) commits++
  }
  return damaged !== undefined && commits >= 2 ? { frame: damaged, commits } : undefined
}

/** Looks before SQLite opens the file, and puts a damaged WAL aside, since opening it drops what follows the damage. */
export function keepDamagedWal(file: string): string | undefined {
  const wal = `${file}-wal`
  if (!existsSync(wal) || statSync(wal).size > maxBytes) return undefined
  const bytes = new Uint8Array(readFileSync(wal))
  const damage = findWalDamage(bytes)
  if (damage === undefined) return undefined
  const what = `the disk changed frame ${damage.frame} of ${wal}: up to ${damage.commits} commits behind it, acknowledged, could not be read`
  // Named for its content: a start that is tried again and again keeps it once.
  const kept = `${wal}.damaged-${crc32(bytes).toString(16)}`
  try {
    if (!existsSync(kept)) copyFileSync(wal, kept)
    return `${what}; the file as it was is kept as ${kept}`
  } catch (error) {
    return `${what}; it could not be kept (${messageOf(error)})`
  }
}

type Sum = { one: number; two: number }

function add(sum: Sum, words: Uint32Array, from: number, to: number): void {
  let { one, two } = sum
  for (let index = from; index < to; index += 2) {
    one = (one + (words[index] as number) + two) >>> 0
    two = (two + (words[index + 1] as number) + one) >>> 0
  }
  sum.one = one
  sum.two = two
}

const magic = 0x377f0682
