import type { ReplayResult } from '../../schemas/api.ts'
import { parseTopic } from '../../schemas/topics.ts'
import type { AuditLine } from '../audit/line.ts'
import type { Clock } from '../clock.ts'
import type { Registry } from '../devices/registry.ts'
import type { Accepted, Journal, Outcome, Publish } from '../journal/journal.ts'
import { admit } from '../mqtt/admit.ts'
import type { Caller } from '../sqlite/database.ts'
import type { ReadProcedures, WriteProcedures } from '../sqlite/procedures.ts'

export type ReplayingOptions = {
  read: Pick<Caller<ReadProcedures>, 'call'>
  write: Pick<Caller<WriteProcedures>, 'call'>
  journal: Journal
  registry: () => Pick<Registry, 'device' | 'site'>
  clock: Clock
  retentionMs: number
}

/**
 * A rejection is judged again (contract 6): by today's rules, and as of the moment at which it came. So what a device said
 * counts under the time that it had then, which is the trace that people look for, while it is received now, as the journal's
 * order asks. What is still not valid changes nothing; what was replayed before is a duplicate, also where it has no id.
 */
export function createReplay(options: ReplayingOptions) {
  const { read, write, journal, registry, clock, retentionMs } = options
  return {
    async replay(seq: number, by: string): Promise<ReplayResult | { impossible: string } | undefined> {
      const rejected = await read.call('rejected', seq)
      if (rejected === undefined) return undefined
      const { site, device, topic, receivedAt, replayedAs } = rejected
      if (replayedAs !== null) return { result: 'duplicate', seq: replayedAs }
      // The device speaks once more, so it must be one; its site is the one where it stood then.
      const known = registry().device(device)
      if (known === undefined) return { impossible: `its device ${device} is not in the registry any more` }
      const siteKind = registry().site(site)?.kind
      if (siteKind === undefined) return { impossible: `its site ${site} is not in the registry any more` }
      const payload = Buffer.from(rejected.payload)
      const verdict = admit(parseTopic(topic)?.leaf ?? '', payload, receivedAt, retentionMs)
      if ('reason' in verdict) return { result: 'rejected', seq, reason: verdict.reason }
      const { kind, id, at, skewMs } = verdict
      const came = { receivedAt: clock(), site, siteKind, device, payload }
      // Neither a sign of life nor the next of its numbers: it was said long ago.
      const publish: Accepted = { ...came, kind, id, at, skewMs, fromWill: true }
      const outcome = await appended(journal, publish)
      const { result } = outcome
      const details = { result, seq: outcome.seq }
      const line: AuditLine = { at: clock(), by, what: 'rejection.replayed', subject: String(seq), details }
      await write.call('markReplayed', { seq, as: outcome.seq, line })
      return { result, seq: outcome.seq }
    },
  }
}

const appended = (journal: Journal, publish: Publish): Promise<Outcome> =>
  new Promise((resolve, reject) =>
    journal.append(publish, (error, outcome) =>
      outcome === undefined ? reject(error ?? new Error('no outcome')) : resolve(outcome),
    ),
  )
