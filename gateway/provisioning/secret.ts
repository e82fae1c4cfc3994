import { createHash, randomBytes } from 'node:crypto'

/** 256 random bits, and what the registry keeps of them (contract 7). No slow hash: there is nothing to guess. */
export function makeSecret(): { secret: string; hash: string } {
  const secret = randomBytes(32).toString('base64url')
  return { secret, hash: hashOf(secret) }
}

export const hashOf = (secret: string): string => `sha256:${createHash('sha256').update(secret).digest('hex')}`
