import { createHmac } from 'node:crypto'
import { createPseudonym, type Pseudonym } from './pseudonym.ts'

/**
 * Keys of pseudonyms are changed now and then, so that what was written under an old one can't be followed any longer. Which
 * key masks an entry depends on the entry's number alone: the same entry gives the same point whenever it is written again
 * (contract 4), also after the key was changed in between.
 */

/** One key's time. A key that comes back gets a version of its own. */
export type Version = {
  version: number
  fromSeq: number /** Tells keys apart. */
  fingerprint: string
  sinceMs: number
}
export type KeyedVersion = { version: number; fromSeq: number; key: Uint8Array }
export type Versioned = { version: number; pseudonym: Pseudonym }
export type Masking = {
  /** What masks the entry of this number. */
  of(seq: number): Versioned
  /** What masks an entry that comes now. */
  current: Versioned
  /** Oldest first. */
  versions: readonly Versioned[]
}

/** 16 hex digits. */
export const fingerprintOf = (key: Uint8Array): string =>
  createHmac('sha256', key).update('gatehouse: fingerprint of a pseudonym key').digest('hex').slice(0, 16)

/** The version that begins because `current` isn't the key that masked so far; undefined where it is. */
export function begun(
  known: readonly Version[],
  current: Uint8Array,
  { lastSeq, now }: { lastSeq: number; now: number },
): Version | undefined {
  const fingerprint = fingerprintOf(current)
  const last = known.at(-1)
  if (last?.fingerprint === fingerprint) return undefined
  // What the journal holds from before versions were kept was masked with the first key there is.
  const fromSeq = last === undefined ? 1 : lastSeq + 1
  return { version: (last?.version ?? 0) + 1, fromSeq, fingerprint, sinceMs: now }
}

/**
 * Puts each version's key to it, found among `keys`, of which the last is the one in use. `missing`: versions whose key isn't
 * there; their entries are masked as those of the version in use, and say so.
 */
export function keyed(
  versions: readonly Version[],
  keys: readonly Uint8Array[],
): { versions: KeyedVersion[]; missing: Version[] } {
  const byFingerprint = new Map(keys.map(key => [fingerprintOf(key), key]))
  const missing = versions.filter(({ fingerprint }) => !byFingerprint.has(fingerprint))
  const current = versions.at(-1) as Version
  return {
    versions: versions.map(({ version, fromSeq, fingerprint }) => {
      const key = byFingerprint.get(fingerprint)
      if (key !== undefined) return { version, fromSeq, key }
      return { version: current.version, fromSeq, key: byFingerprint.get(current.fingerprint) as Uint8Array }
    }),
    missing,
  }
}

/** `versions`: at least one, by `fromSeq`, the first from 1 on. */
export function createMasking(versions: readonly KeyedVersion[]): Masking {
  const made = versions.map(({ version, fromSeq, key }) => ({ version, fromSeq, pseudonym: createPseudonym(key) }))
  const current = made.at(-1)
  if (current === undefined) throw new RangeError('there must be a pseudonym key')
  return {
    of: seq => (seq >= current.fromSeq ? current : (made.findLast(({ fromSeq }) => seq >= fromSeq) ?? current)),
    current,
    versions: made,
  }
}

/** Fingerprints of the keys that may mask an entry still. `oldestSeq`: of the entries that are there, or the next one's. */
export const neededFor = (versions: readonly Version[], oldestSeq: number): Set<string> =>
  new Set(
    versions
      .filter((_, place) => (versions[place + 1]?.fromSeq ?? Number.POSITIVE_INFINITY) > oldestSeq)
      .map(({ fingerprint }) => fingerprint),
  )
