import { createHmac } from 'node:crypto'

/** Signatures of Standard Webhooks (https://www.standardwebhooks.com): `v1,` and HMAC-SHA-256 of `id.timestamp.body`, base64. */
const prefix = 'whsec_'
const between = /\s+(?=whsec_)/
const base64 = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * The keys that a configured secret stands for. `whsec_…` is base64, as the standard says. A secret without the prefix is
 * read in both ways that receivers use, its characters and (where it is base64) its bytes: each gets a signature, and a
 * receiver accepts when one of them matches. While a secret is rotated there are two, the new one first, with a space or a line
 * between them.
 */
export function signingKeys(secrets: string): Buffer[] {
  return secrets.split(between).flatMap(keysOf)
}

function keysOf(secret: string): Buffer[] {
  if (secret.startsWith(prefix)) return [Buffer.from(secret.slice(prefix.length), 'base64')]
  const asText = Buffer.from(secret, 'utf8')
  return base64.test(secret) && secret.length % 4 === 0 ? [Buffer.from(secret, 'base64'), asText] : [asText]
}

/** What is wrong with a secret, for a person; undefined when it will do. */
export function secretMistake(secrets: string): string | undefined {
  const parts = secrets.split(between)
  return parts.length > 2 ? 'holds more than two secrets' : parts.map(mistakeIn).find(mistake => mistake !== undefined)
}

function mistakeIn(secret: string): string | undefined {
  if (!secret.startsWith(prefix)) return undefined
  const encoded = secret.slice(prefix.length)
  // Padding may be missing, a single character of the last four is no byte: receivers refuse such a key.
  const whole = base64.test(encoded) && encoded.replace(/=+$/, '').length % 4 !== 1
  return whole ? undefined : 'what stands behind whsec_ is not base64'
}

/** The header webhook-signature: one signature per key, space-separated, the first key's first. `timestampS` in seconds. */
export const sign = (keys: readonly Buffer[], id: string, timestampS: number, body: string): string =>
  keys.map(key => `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`).join(' ')
