import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config.ts'
import { writeWhole } from './disk/on-disk.ts'
import { OperationalError } from './errors.ts'

/**
 * The keys of pseudonyms, the one in use last: from the settings, or made once and kept in the data directory, one on each
 * line of `pseudonym.key`, readable to the gateway's user only. Those before are for entries that they masked.
 */
type Settings = Pick<Config, 'dataDir' | 'pseudonymKey' | 'pseudonymKeyPrevious'>

/** Throws OperationalError where the file that keeps them is damaged. */
export function pseudonymKeys({ dataDir, pseudonymKey, pseudonymKeyPrevious }: Settings): Uint8Array[] {
  const file = keyFileIn(dataDir)
  if (pseudonymKey === undefined && !existsSync(file)) writeKeys(file, [newKey()])
  const given = [pseudonymKeyPrevious, pseudonymKey].flatMap(key =>
    key === undefined ? [] : [Buffer.from(key, 'utf8')],
  )
  if (pseudonymKey === undefined) return [...given, ...readKeys(file)]
  // The file is of before the setting: nothing depends on it but how old entries are shown.
  return [...(isWhole(file) ? readKeys(file) : []), ...given]
}

export const keyFileIn = (dataDir: string): string => join(dataDir, 'pseudonym.key')
export const newKey = (): Buffer => randomBytes(32)

/** The file is there whole or not at all: a start that dies in between must not leave an empty key. */
export const writeKeys = (file: string, keys: readonly Uint8Array[]): void =>
  writeWhole(file, keys.map(key => Buffer.from(key).toString('hex')).join('\n'))

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trim().split(/\r?\n/)
const isKey = (line: string): boolean => /^[0-9a-f]{64}$/.test(line)
const isWhole = (file: string): boolean => existsSync(file) && linesOf(file).every(isKey)

export function readKeys(file: string): Uint8Array[] {
  const lines = linesOf(file)
  if (!lines.every(isKey))
    throw new OperationalError(
      'key-damaged',
      `${file}: is not 64 hex digits; put it back from a backup, or delete it: then the same person gets another pseudonym`,
      { retryable: false },
    )
  return lines.map(line => Buffer.from(line, 'hex'))
}
