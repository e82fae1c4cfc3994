import { planFor } from '../../gateway/alarms/deadlines.ts'
import type { Alarm, HistoryLine } from '../../schemas/alarm.ts'
import type { Said } from './ledger.ts'
import type { World } from './world.ts'

/**
 * Each deadline that was missed is told once, never early, and late only while something stood in the way. Worked out anew from
 * when the press came and what was done when, in the universe's time, which no clock that is set can change.
 */
const lateMs = 700
const roundingMs = 3

export function createDeadlineCheck(world: World) {
  const { ledger } = world

  return (alarm: Alarm, lines: readonly HistoryLine[], said: Said | undefined): void => {
    const pressedAt = said?.arrivals.find(({ gatewayMs }) => gatewayMs === Date.parse(alarm.receivedAt))?.at
    if (pressedAt === undefined || ledger.wasReset(pressedAt)) return
    const seen = ledger.stepped.get(alarm.id) ?? []
    // Its press waited for the disk while the clock was set, so the stamp is of another clock: it counts from when it was raised.
    const raisedAt = seen.find(({ line }) => line.what === 'raised')?.at ?? pressedAt
    const isOfAnother = ledger.shown.some(({ since }) => since >= pressedAt && since <= raisedAt)
    const waitedMs = isOfAnother ? raisedAt - pressedAt : 0
    /** undefined: it did not happen; NaN: nobody can tell when. */
    const timeOf = (line: HistoryLine | undefined): number | undefined => {
      if (line === undefined) return undefined
      const seenAt = seen.find(
        one => one.line.at === line.at && one.line.what === line.what && one.line.by === line.by,
      )?.at
      return (seenAt === undefined ? undefined : world.toUniverse(Date.parse(line.at), seenAt)) ?? Number.NaN
    }
    const first = (...whats: HistoryLine['what'][]) => timeOf(lines.find(({ what }) => whats.includes(what)))
    const { deliverS, acknowledgeS, dispatchS, arriveS } = planFor([], alarm)
    const acknowledged = first('acknowledged')
    const dispatched = first('dispatched')
    const due: [name: string, at: number, met: number | undefined][] = [
      ['deliver', pressedAt + deliverS * 1000, first('delivered', 'acknowledged')],
      ...acknowledgeS.map((seconds, index): [string, number, number | undefined] => [
        index === 0 ? 'acknowledge' : `acknowledge-${index + 1}`,
        pressedAt + seconds * 1000,
        acknowledged,
      ]),
    ]
    if (acknowledged !== undefined)
      due.push(['dispatch', acknowledged + dispatchS * 1000, first('dispatched', 'closed')])
    if (dispatched !== undefined) due.push(['arrive', dispatched + arriveS * 1000, first('arrived', 'closed')])

    for (const [name, at, met] of due) {
      const told = lines.filter(({ what, by }) => what === 'escalated' && by === name)
      if (told.length > 1) ledger.fail(`${alarm.id}: ${name} was missed ${told.length} times`, alarm.id)
      const toldAt = timeOf(told[0])
      if (Number.isNaN(at) || Number.isNaN(met ?? 0) || Number.isNaN(toldAt ?? 0)) continue
      if (toldAt !== undefined && toldAt < at - roundingMs)
        ledger.fail(`${alarm.id}: ${name} was told as missed ${Math.round(at - toldAt)} ms early`, alarm.id)
      // Until then nothing could be expected; after it, only a moment may pass.
      const trouble = ledger.troubledUntil(at - lateMs, Math.min(toldAt ?? met ?? world.universe.now, at + hourMs))
      const free = Math.max(at, trouble ?? at) + lateMs + waitedMs
      const end = toldAt ?? met ?? world.universe.now
      if (end > free + roundingMs)
        ledger.fail(
          `${alarm.id}: ${name} was missed and ${toldAt === undefined ? 'never told' : `told ${Math.round(toldAt - at)} ms late`}`,
          alarm.id,
        )
    }
    const names = new Set(due.map(([name]) => name))
    for (const { what, by } of lines)
      if (what === 'escalated' && !names.has(by ?? ''))
        ledger.fail(`${alarm.id}: ${by} was missed, which never began`, alarm.id)
  }
}

const hourMs = 3_600_000
