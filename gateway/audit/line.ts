import { createHash } from 'node:crypto'

/**
 * The audit log: who did what, for ever. Each line's hash covers the line before it, so that no line can be changed, taken
 * out, put in or moved without every later hash changing too.
 *
 * What that is worth: SHA-256 without a key, so anybody can check a copy with nothing but the copy. Whoever may write the
 * file may also work out all hashes anew; that shows only against a head (count and hash of the last line) that was kept
 * where he can't write. So heads go out of the file: into `audit.head` beside it, which tells of an edit of the file alone,
 * and into the log, which usually leaves the machine. An HMAC would need a key beside the file, readable to the same hand.
 *
 * It is never cut, since a chain that may be cut can be cut by anybody: so it holds nothing personal. Who acted is the name
 * of an API token or a command; what a person called himself (`by`) stands only as its keyed pseudonym.
 */
export type AuditLine = {
  /** ms, gateway's clock. */
  at: number
  /** The name of an API token, `gateway`, or `command`. Never a person's. */
  by: string
  what: What
  /** What it was done to: an alarm's, device's, endpoint's id, an entry's number, a pseudonym. */
  subject: string | null
  details: Details
}
export type Details = Record<string, string | number | boolean | null>

export const whats = [
  'gateway.started',
  'gateway.stopped',
  'alarm.acknowledged',
  'alarm.dispatched',
  'alarm.arrived',
  'alarm.closed',
  'maintenance.begun',
  'maintenance.ended',
  'delivery.retried',
  'rejection.replayed',
  'endpoint.tested',
  'event.unmasked',
  'erase.begun',
  'erase.done',
  'login.refused',
  'api.refused',
  'registry.loaded',
  'registry.refused',
  'registry.changed',
  'token.added',
  'token.revoked',
  'certificate.loaded',
  'pseudonym.version',
  'backup.made',
  'audit.broken',
] as const
export type What = (typeof whats)[number]

/** As it stands on disk, numbered from 1 without a gap. `details` is text: what was hashed is what is kept. */
export type StoredLine = {
  n: number
  at: number
  by: string
  what: string
  subject: string | null
  details: string
  /** 64 hex digits. */
  hash: string
}

/** The end of the log as it was at some moment: line `n` has this hash, for ever. */
export type Head = { n: number; hash: string }
export const emptyHead: Head = { n: 0, hash: '0'.repeat(64) }

/** The line that comes after `head`. */
export function chain(head: Head, { at, by, what, subject, details }: AuditLine): StoredLine {
  const line = { n: head.n + 1, at, by, what, subject, details: JSON.stringify(details) }
  return { ...line, hash: hashOf(head.hash, line) }
}

/** SHA-256 over the previous hash, a line break, and the line as a JSON array of its six values. */
export function hashOf(previous: string, { n, at, by, what, subject, details }: Omit<StoredLine, 'hash'>): string {
  const text = JSON.stringify([n, at, by, what, subject, details])
  return createHash('sha256').update(`${previous}\n${text}`).digest('hex')
}

/** `12:9f3a…`, as people copy it; undefined where it isn't one. */
export function parseHead(text: string): Head | undefined {
  const [, n = '', hash = ''] = /^\s*(\d{1,15}):([0-9a-f]{64})\s*$/.exec(text) ?? []
  return hash === '' ? undefined : { n: Number(n), hash }
}
export const headText = ({ n, hash }: Head): string => `${n}:${hash}`
