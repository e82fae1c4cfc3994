import type { StatementSync } from 'node:sqlite'
import { verify } from '../../gateway/audit/verify.ts'
import { auditReader } from '../../gateway/sqlite/audit.ts'
import { readProcedures } from '../../gateway/sqlite/procedures.ts'
import { keyOf } from './ledger.ts'
import type { World } from './world.ts'

/** The journal against what devices had PUBACKs for, and what InfluxDB has against the journal. At rest: nothing waits. */
export function createJournalCheck(world: World) {
  const { disk, ledger, influx } = world
  const reader = disk.reader
  const { stats } = readProcedures(reader)
  const audit = auditReader(reader)
  const entries = disk.db.prepare(
    'SELECT e.seq, d.id AS device, e.id, e.received_ms AS receivedAt FROM entry e JOIN device d ON d.key = e.device ORDER BY e.seq',
  )
  const quarantined = disk.db.prepare("SELECT seq FROM quarantine WHERE consumer = 'influx'")

  function conserve(): void {
    const { received, accepted, duplicate, rejected, consumers } = stats(['alarms', 'influx'])
    if (received !== accepted + duplicate + rejected)
      ledger.fail(`stats: received ${received} = accepted ${accepted} + duplicate ${duplicate} + rejected ${rejected}`)
    for (const [name, { done, pending, quarantined }] of Object.entries(consumers)) {
      if (accepted !== done + pending + quarantined)
        ledger.fail(
          `stats: ${name}: accepted ${accepted} = done ${done} + pending ${pending} + quarantined ${quarantined}`,
        )
      if (pending > 0) ledger.fail(`${name}: ${pending} entries wait, and nothing is out of order`)
    }
  }

  function onceEach(): Map<string, number> {
    const seqs = new Map<string, number>()
    for (const { seq, device, id } of rowsOf<{ seq: number; device: string; id: string }>(entries)) {
      const key = keyOf(device, id)
      const other = seqs.get(key)
      if (other !== undefined) ledger.fail(`${key} is in the journal twice, as ${other} and ${seq}`, device)
      if (!ledger.said.has(key)) ledger.fail(`${key} is in the journal, and nobody said it`, device)
      seqs.set(key, seq)
    }
    return seqs
  }

  function nothingLost(seqs: Map<string, number>): void {
    const before = world.wallMs() - world.retentionMs
    for (const [key, said] of ledger.said) {
      const seq = seqs.get(key)
      const { device, id, isValid, isPubacked } = said
      if (!isPubacked || !isValid) {
        if (!isPubacked) ledger.fail(`${key} has no PUBACK, and nothing is out of order`, device)
        ledger.said.delete(key)
        continue
      }
      if (seq === undefined) {
        const isOld = said.arrivals.some(({ gatewayMs }) => gatewayMs < before + clockToleranceMs)
        if (said.seq === undefined || !isOld) ledger.fail(`${key} had its PUBACK and is not in the journal`, device, id)
        ledger.said.delete(key)
        continue
      }
      if (said.seq !== undefined && said.seq !== seq) ledger.fail(`${key} was ${said.seq} and is ${seq}`, device)
      if (said.toldSeq !== undefined && said.toldSeq !== seq)
        ledger.fail(`${key} is ${seq}, and its device was told ${said.toldSeq}`, device)
      said.seq = seq
    }
  }

  function allPoints(seqs: Map<string, number>): void {
    const refused = new Set(rowsOf<{ seq: number }>(quarantined).map(({ seq }) => seq))
    for (const [key, seq] of seqs)
      if (influx.points.get(seq) !== key && !refused.has(seq)) ledger.fail(`${key}, number ${seq}, is no point`, key)
  }

  return {
    atRest(): void {
      conserve()
      const seqs = onceEach()
      nothingLost(seqs)
      allPoints(seqs)
    },
    atTheEnd(): void {
      const verdict = verify(audit.lines())
      if (!verdict.good) ledger.fail(`audit log: line ${verdict.n}: ${verdict.why}`)
    },
  }
}

/** How far the clock may have been set ahead: entries were old by that for a while. */
const clockToleranceMs = 6 * 60 * 60_000

export const rowsOf = <Row>(statement: StatementSync, ...values: (string | number)[]): Row[] =>
  statement.all(...values) as Row[]
