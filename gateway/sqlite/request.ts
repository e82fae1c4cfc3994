import { messageOf, OperationalError } from '../errors.ts'

/** What goes between the threads. An error crosses as data, since classes don't. */
export type WorkerRole = 'writer' | 'reader' | 'keeper'
export type Request = { id: number; procedure: string; argument: unknown }
export type Answer =
  /** `damage`: what the writer found in the WAL, which it put aside. */
  | { type: 'opened'; damage: string | undefined }
  | { type: 'unopened'; error: Failure }
  | { type: 'done'; id: number; value: unknown }
  | { type: 'failed'; id: number; error: Failure }
  /** Of the writer: why the disk takes nothing; undefined: it does again. */
  | { type: 'health'; trouble: Failure | undefined }
export type Failure = { code: string; message: string; retryable: boolean }

/** SQLite's primary result codes that may pass by themselves: busy, locked, out of memory, read-only, I/O, full, can't open. */
const retryableCodes = new Set([5, 6, 7, 8, 10, 13, 14])

/** It's the disk, and not what was asked of it: the same call works once the disk does. */
export const isSickDisk = (error: unknown): boolean => failureOf(error).retryable

/** A page that the disk has changed: corrupt, not a database. No call that reads it works before a backup stands in its place. */
const damageCodes = ['sqlite-11', 'sqlite-26']
export const isDamage = (error: unknown): boolean => damageCodes.includes(failureOf(error).code)

export function failureOf(error: unknown): Failure {
  if (error instanceof OperationalError) return { code: error.code, message: error.message, retryable: error.retryable }
  const { errcode } = error as { errcode?: number }
  if (errcode === undefined)
    return {
      code: 'storage-bug',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      retryable: false,
    }
  return {
    code: `sqlite-${errcode & 0xff}`,
    message: `${messageOf(error)} (${errcode})`,
    retryable: retryableCodes.has(errcode & 0xff),
  }
}

export const errorOf = ({ code, message, retryable }: Failure): OperationalError =>
  new OperationalError(code, message, { retryable })
