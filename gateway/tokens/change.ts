import { createHash, randomBytes } from 'node:crypto'
import type { Role } from '../../schemas/api.ts'
import { iso } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import { type KeptToken, maxTokens } from './file.ts'

/** What can be done to the tokens of the file. Pure: what stands before, what after. Each refusal is an OperationalError. */

const dayMs = 24 * 60 * 60_000
const minuteMs = 60_000
/** Rotated again and again within the grace, only so many old ones still count. */
const maxPrevious = 4

/** 256 random bits. */
export const newToken = (): string => randomBytes(32).toString('base64url')
export const digestOf = (token: string): string => `sha256:${createHash('sha256').update(token).digest('hex')}`

export function add(
  tokens: readonly KeptToken[],
  wanted: { name: string; role: Role; digest: string; days?: number | undefined },
  now: number,
): KeptToken[] {
  const { name, role, digest, days } = wanted
  if (tokens.some(token => token.name === name))
    throw refusal(`there is a token ${name} already; rotate it, revoke it first, or take another name`)
  if (tokens.length >= maxTokens) throw refusal(`there are ${maxTokens} tokens, which is the most; revoke some first`)
  return [...tokens, { name, role, digest, createdAt: iso(now), expiresAt: endOf(days, now), previous: [] }]
}

/** The one before counts for `graceMinutes` more. What had a term gets one of the same length, unless `days` says another. */
export function rotate(
  tokens: readonly KeptToken[],
  wanted: { name: string; digest: string; graceMinutes: number; days?: number | undefined },
  now: number,
): KeptToken[] {
  const { name, digest, graceMinutes, days } = wanted
  const old = found(tokens, name)
  const until = Math.min(now + graceMinutes * minuteMs, old.expiresAt === null ? Infinity : Date.parse(old.expiresAt))
  const previous = [{ digest: old.digest, until: iso(until) }, ...old.previous]
    .filter(({ until }) => Date.parse(until) > now)
    .slice(0, maxPrevious)
  const term = old.expiresAt === null ? undefined : Date.parse(old.expiresAt) - Date.parse(old.createdAt)
  const expiresAt = days === undefined && term !== undefined ? iso(now + term) : endOf(days, now)
  return tokens.map(token => (token === old ? { ...old, digest, createdAt: iso(now), expiresAt, previous } : token))
}

export function revoke(tokens: readonly KeptToken[], name: string): KeptToken[] {
  const gone = found(tokens, name)
  return tokens.filter(token => token !== gone)
}

function found(tokens: readonly KeptToken[], name: string): KeptToken {
  const token = tokens.find(token => token.name === name)
  if (token === undefined) throw refusal(`there is no token ${name}; "npm run token -- list" names them`)
  return token
}

const refusal = (message: string) => new OperationalError('token-refused', message, { retryable: false })
const endOf = (days: number | undefined, now: number): string | null =>
  days === undefined ? null : iso(now + days * dayMs)
