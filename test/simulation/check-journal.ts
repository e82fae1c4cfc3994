import type { StatementSync } from 'node:sqlite'
import { verify } from '../../gateway/audit/verify.ts'
import { auditReader } from '../../gateway/sqlite/audit.ts'
import { kindOfCode } from '../../gateway/sqlite/kinds.ts'
import { readProcedures } from '../../gateway/sqlite/procedures.ts'
import { pointName, poison } from './influx.ts'
import { keyOf } from './ledger.ts'
import type { World } from './world.ts'

/** The journal against what devices had PUBACKs for, and what InfluxDB has against the journal. At rest: nothing waits. */
export function createJournalCheck(world: World) {
  const { disk, ledger, influx } = world
  const reader = disk.reader
  const { stats } = readProcedures(reader)
  const audit = auditReader(reader)
  const entries = disk.db.prepare(
    `SELECT e.seq, d.id AS device, e.id, e.kind, instr(e.payload, CAST('${poison}' AS BLOB)) > 0 AS isPoison
     FROM entry e JOIN device d ON d.key = e.device ORDER BY e.seq`,
  )
  const quarantined = disk.db.prepare("SELECT seq FROM quarantine WHERE consumer = 'influx'")
  const responses = disk.db.prepare('SELECT seq, alarm FROM response')

  function conserve(): void {
    const { received, accepted, duplicate, rejected, consumers } = stats(['alarms', 'influx'])
    if (received !== accepted + duplicate + rejected)
      ledger.fail(`stats: received ${received} = accepted ${accepted} + duplicate ${duplicate} + rejected ${rejected}`)
    for (const [name, { done, pending, quarantined }] of Object.entries(consumers)) {
      if (accepted !== done + pending + quarantined)
        ledger.fail(
          `stats: ${name}: accepted ${accepted} = done ${done} + pending ${pending} + quarantined ${quarantined}`,
        )
      if (pending > 0 && !(name === 'influx' && influx.isAway))
        ledger.fail(`${name}: ${pending} entries wait, and nothing is out of order`)
    }
  }

  /** Each once, and of each device in the order in which it said them, its alarms among themselves and all else among itself. */
  function onceEach(rows: readonly JournalRow[]): Map<string, number> {
    const seqs = new Map<string, number>()
    const last = new Map<string, number>()
    for (const { seq, device, id, kind } of rows) {
      const key = keyOf(device, id)
      const other = seqs.get(key)
      if (other !== undefined) ledger.fail(`${key} is in the journal twice, as ${other} and ${seq}`, device)
      const said = ledger.said.get(key)
      if (said === undefined) ledger.fail(`${key} is in the journal, and nobody said it`, device)
      seqs.set(key, seq)
      // Replayed ones were said long before.
      if (said?.isStrict) continue
      const lane = `${device} ${kindOfCode(kind) === 'alarm'}`
      const number = Number(id.slice(device.length + 1))
      const before = last.get(lane) ?? 0
      if (number < before) ledger.fail(`${key} is in the journal behind ${device}-${before}`, device)
      last.set(lane, number)
    }
    return seqs
  }

  function nothingLost(seqs: Map<string, number>): void {
    const before = world.wallMs() - world.retentionMs
    for (const [key, said] of ledger.said) {
      const seq = seqs.get(key)
      const { device, id, isValid, isStrict, isPubacked } = said
      if (!isPubacked || !isValid) {
        if (!isPubacked) ledger.fail(`${key} has no PUBACK, and nothing is out of order`, device)
        ledger.said.delete(key)
        continue
      }
      if (seq === undefined) {
        // Refused by a gateway of before, and not replayed yet; after a while nobody does.
        if (isStrict && said.toldSeq === undefined) {
          if (!said.arrivals.some(({ at }) => at > world.universe.now - world.retentionMs)) ledger.said.delete(key)
          continue
        }
        const isOld = said.arrivals.some(({ gatewayMs }) => gatewayMs < before + clockToleranceMs)
        if (said.seq !== undefined && influx.places.has(pointName(said.kind, said.seq, id)) === said.isPoison)
          ledger.fail(`${key} is gone from the journal, and is ${said.isPoison ? 'a' : 'no'} point`, device, id)
        if ((said.seq === undefined && !isStrict) || !isOld)
          ledger.fail(`${key} had its PUBACK and is not in the journal`, device, id)
        ledger.said.delete(key)
        continue
      }
      if (said.seq !== undefined && said.seq !== seq) ledger.fail(`${key} was ${said.seq} and is ${seq}`, device)
      if (said.toldSeq !== undefined && said.toldSeq !== seq)
        ledger.fail(`${key} is ${seq}, and its device was told ${said.toldSeq}`, device)
      said.seq = seq
    }
  }

  /** Each entry is a point, but those that InfluxDB never takes. */
  function allPoints(rows: readonly JournalRow[]): void {
    const refused = new Set(rowsOf<{ seq: number }>(quarantined).map(({ seq }) => seq))
    const names = new Set<string>()
    for (const { seq, device, id, kind, isPoison } of rows) {
      const name = pointName(kindOfCode(kind), seq, id)
      names.add(name)
      if (refused.has(seq) !== (isPoison === 1))
        ledger.fail(`${name} is ${isPoison ? 'poison, and not' : 'good, and'} in quarantine`, device)
      if (influx.places.has(name) !== (isPoison === 0))
        ledger.fail(`${name} is ${isPoison ? 'poison, and a' : 'good, and no'} point`, device)
    }
    for (const { seq, alarm } of rowsOf<{ seq: number; alarm: string }>(responses))
      if (!influx.places.has(pointName('response', seq, alarm)))
        ledger.fail(`response ${seq} of ${alarm} is no point`, alarm)
    influx.forget(name => names.has(name))
  }

  return {
    atRest(): void {
      conserve()
      const rows = rowsOf<JournalRow>(entries)
      nothingLost(onceEach(rows))
      if (!influx.isAway) allPoints(rows)
    },
    atTheEnd(): void {
      const verdict = verify(audit.lines())
      if (!verdict.good) ledger.fail(`audit log: line ${verdict.n}: ${verdict.why}`)
    },
  }
}

type JournalRow = { seq: number; device: string; id: string; kind: number; isPoison: 0 | 1 }

/** How far the clock may have been set ahead: entries were old by that for a while. */
const clockToleranceMs = 6 * 60 * 60_000

export const rowsOf = <Row>(statement: StatementSync, ...values: (string | number)[]): Row[] =>
  statement.all(...values) as Row[]
