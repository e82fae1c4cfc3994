import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Role } from '../../schemas/api.ts'
import type { Config } from '../config.ts'
import { writeWhole } from '../disk/on-disk.ts'
import { OperationalError } from '../errors.ts'
import { tokenFileIn } from './file.ts'

/** What the gateway makes for itself at its first start and keeps in its data directory, readable by its user only: here the admin token. */

/** Where the digest of the admin token is that the first start made. */
export const adminTokenFileIn = (dataDir: string): string => join(dataDir, 'admin-token.sha256')

/**
 * The API's tokens beside those of tokens.json, as digests. Without GATEHOUSE_API_TOKENS and tokens.json one admin token is
 * made at the first start: `show` gets it that once, and only its digest is kept. Throws OperationalError where the file that
 * keeps it is damaged.
 */
export function apiTokens(
  config: Config,
  show: (token: string) => void,
): { name: string; role: Role; digest: Buffer }[] {
  if (config.apiTokens.length > 0)
    return config.apiTokens.map(({ name, role, token }) => ({ name, role, digest: sha256(token) }))
  const file = adminTokenFileIn(config.dataDir)
  if (!existsSync(file)) {
    // Whoever has used the command makes tokens with it: one that nobody asked for would be a surprise.
    if (existsSync(tokenFileIn(config.dataDir))) return []
    const token = randomBytes(32).toString('base64url')
    writeWhole(file, sha256(token).toString('hex'))
    show(token)
  }
  return [{ name: 'admin', role: 'admin', digest: readAdminToken(file) }]
}

/** Throws OperationalError where it is damaged. */
export const readAdminToken = (file: string): Buffer => readHex(file, 'delete it, and the next start shows a new token')

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

function readHex(file: string, mend: string): Buffer {
  const text = readFileSync(file, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new OperationalError('key-damaged', `${file}: is not 64 hex digits; ${mend}`, { retryable: false })
  return Buffer.from(text, 'hex')
}
