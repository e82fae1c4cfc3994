import { createHmac, timingSafeEqual } from 'node:crypto'

/** Standard Webhooks, the receiving side: HMAC-SHA-256 over `id.timestamp.body`, keyed with the base64 after `whsec_`. */
export type SignedHeaders = { id: string | undefined; timestamp: string | undefined; signatures: string | undefined }

/** Replays of an old message are refused, and so is a clock that is far off. */
export const toleranceS = 300

/** The key's bytes, or undefined when the text is no secret of the form `whsec_<base64>`. */
export function keyOf(secret: string): Buffer | undefined {
  const base64 = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : undefined
  if (base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  return Buffer.from(base64, 'base64')
}

/** Why the message must not be trusted, or undefined when it may be. `body`: the bytes as they came. */
export function refusalOf(key: Buffer, headers: SignedHeaders, body: Buffer, nowMs: number): string | undefined {
  const { id, timestamp, signatures } = headers
  if (!id || !timestamp || !signatures) return 'webhook-id, webhook-timestamp or webhook-signature is missing'
  if (!/^\d{1,12}$/.test(timestamp)) return 'webhook-timestamp is not whole seconds since 1970'
  const skewS = Math.abs(nowMs / 1000 - Number(timestamp))
  if (skewS > toleranceS) return `webhook-timestamp is ${Math.round(skewS)} s off, more than ${toleranceS} s`
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  // Several stand side by side while a secret is rotated; versions other than v1 are not ours to judge.
  const matches = signatures.split(' ').some(signature => {
    if (!signature.startsWith('v1,')) return false
    const given = Buffer.from(signature.slice('v1,'.length), 'base64')
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  return matches ? undefined : 'no signature matches'
}
