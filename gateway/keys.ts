import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Role } from '../schemas/api.ts'
import type { Config } from './config.ts'
import { OperationalError } from './errors.ts'

/** What the gateway makes for itself at its first start and keeps in its data directory, readable by its user only. */

/**
 * The key of pseudonyms: from the settings, or made once. Another key gives the same person another pseudonym.
 * Throws OperationalError where the file that keeps it is damaged.
 */
export function pseudonymKey(config: Config): Uint8Array {
  if (config.pseudonymKey !== undefined) return Buffer.from(config.pseudonymKey, 'utf8')
  const file = join(config.dataDir, 'pseudonym.key')
  if (!existsSync(file)) writeWhole(file, randomBytes(32).toString('hex'))
  return readHex(file, 'put it back from a backup, or delete it: then the same person gets another pseudonym')
}

/**
 * The API's tokens, as digests. Without GATEHOUSE_API_TOKENS one admin token is made at the first start: `show` gets it
 * that once, and only its digest is kept. Throws OperationalError where the file that keeps it is damaged.
 */
export function apiTokens(
  config: Config,
  show: (token: string) => void,
): { name: string; role: Role; digest: Buffer }[] {
  if (config.apiTokens.length > 0)
    return config.apiTokens.map(({ name, role, token }) => ({ name, role, digest: sha256(token) }))
  const file = join(config.dataDir, 'admin-token.sha256')
  if (!existsSync(file)) {
    const token = randomBytes(32).toString('base64url')
    writeWhole(file, sha256(token).toString('hex'))
    show(token)
  }
  return [{ name: 'admin', role: 'admin', digest: readHex(file, 'delete it, and the next start shows a new token') }]
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The file is there whole or not at all: a start that dies in between must not leave an empty key. */
function writeWhole(file: string, text: string): void {
  const fd = openSync(`${file}.new`, 'w', 0o600)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(`${file}.new`, file)
}

function readHex(file: string, mend: string): Buffer {
  const text = readFileSync(file, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new OperationalError('key-damaged', `${file}: is not 64 hex digits; ${mend}`, { retryable: false })
  return Buffer.from(text, 'hex')
}
