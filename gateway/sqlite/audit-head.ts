import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type Head, headText, parseHead } from '../audit/line.ts'

/**
 * The second place of the audit log's head: `audit.head` beside the journal. Written after each commit that added lines, in
 * place and of one length, without an fsync: after a power loss it may be behind, which is no harm, and never ahead.
 */
export const headFileOf = (db: DatabaseSync): string => headFileBeside(db.location() as string)
export const headFileBeside = (journal: string): string => join(dirname(journal), 'audit.head')

const textBytes = 96

export function writeHead(file: string, head: Head): void {
  const fd = openSync(file, constants.O_WRONLY | constants.O_CREAT, 0o600)
  try {
    writeSync(fd, `${headText(head)}\n`.padEnd(textBytes - 1).concat('\n'), 0)
  } finally {
    closeSync(fd)
  }
}

/** undefined: there is none, or nothing that can be read. */
export function readHead(file: string): Head | undefined {
  try {
    return parseHead(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
