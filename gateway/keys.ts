import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Role } from '../schemas/api.ts'
import type { Config } from './config.ts'

/** What the gateway makes for itself at its first start and keeps in its data directory, readable by its user only. */

/** The key of pseudonyms: from the settings, or made once. Another key gives the same person another pseudonym. */
export function pseudonymKey(config: Config): Uint8Array {
  if (config.pseudonymKey !== undefined) return Buffer.from(config.pseudonymKey, 'utf8')
  const file = join(config.dataDir, 'pseudonym.key')
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 })
  return Buffer.from(readFileSync(file, 'utf8').trim(), 'hex')
}

/**
 * The API's tokens, as digests. Without GATEHOUSE_API_TOKENS one admin token is made at the first start: `show` gets it
 * that once, and only its digest is kept.
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
    writeFileSync(file, sha256(token).toString('hex'), { mode: 0o600 })
    show(token)
  }
  return [{ name: 'admin', role: 'admin', digest: Buffer.from(readFileSync(file, 'utf8').trim(), 'hex') }]
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
