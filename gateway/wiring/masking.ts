import type { Clock } from '../clock.ts'
import { begun, type KeyedVersion, keyed } from '../journal/versions.ts'
import type { Log } from '../log.ts'
import type { Database } from '../sqlite/database.ts'
import type { FirstWrites } from './first-writes.ts'

/**
 * Which key masks which entries, before any is read or taken. A key that wasn't in use before begins a version of its own
 * with the next entry, and the audit log says so. `keys`: all there are, the one in use last.
 */
export async function startMasking(options: {
  database: Pick<Database, 'read' | 'write'>
  firstWrites: FirstWrites
  keys: readonly Uint8Array[]
  clock: Clock
  log: Log
}): Promise<KeyedVersion[]> {
  const { database, firstWrites, keys, clock, log } = options
  const { versions, lastSeq } = await database.read.call('pseudonymVersions', undefined)
  const version = begun(versions, keys.at(-1) as Uint8Array, { lastSeq, now: clock() })
  if (version !== undefined) {
    const { fromSeq, fingerprint } = version
    const line = {
      at: clock(),
      by: 'gateway',
      what: 'pseudonym.version',
      subject: String(version.version),
      details: { fromSeq, fingerprint },
    } as const
    await firstWrites.write('pseudonym version', () => database.write.call('beginVersion', { version, line }))
    versions.push(version)
  }
  const found = keyed(versions, keys)
  // What came before the version after it began, and is still kept, would be masked with a key that didn't mask it so far.
  const first = await database.read.call('firstSeq', undefined)
  for (const { version, fromSeq } of found.missing) {
    const upTo = (versions.find(one => one.fromSeq > fromSeq)?.fromSeq ?? lastSeq + 1) - 1
    if (first !== null && first <= upTo)
      log.warn(
        { version, fromSeq, upTo },
        'pseudonym.key-missing: these entries are shown under the key in use; set GATEHOUSE_PSEUDONYM_KEY_PREVIOUS to the one before',
      )
  }
  return found.versions
}
