import type { Alarm, HistoryLine } from '../../schemas/alarm.ts'
import { stages } from '../../schemas/alarm.ts'
import { createDeadlineCheck } from './check-deadlines.ts'
import { rowsOf } from './check-journal.ts'
import { keyOf, type Said } from './ledger.ts'
import type { World } from './world.ts'

/** Alarms on disk against the events that made them, the people who answered them, and the endpoints' books. At rest. */
export function createAlarmCheck(world: World) {
  const { disk, ledger, endpoints } = world
  const touched = disk.db.prepare(
    "SELECT n, id, stage, body FROM alarm WHERE n > ? OR stage <> 'closed' OR n IN (SELECT value FROM json_each(?))",
  )
  const history = disk.db.prepare('SELECT line FROM history WHERE alarm = ? ORDER BY n')
  const told = disk.db.prepare(
    'SELECT d.message, d.endpoint, d.state, m.type FROM delivery d JOIN message m ON m.id = d.message WHERE d.subject = ? ORDER BY d.id',
  )
  const checkDeadlines = createDeadlineCheck(world)
  /** Which alarm each event made or counted on. */
  const made = new Map<string, string>()
  const keys = new Map<string, { alarm: string; what: HistoryLine['what']; by: string | undefined }>()
  let last = 0
  let open: number[] = []
  type Row = { n: number; id: string; stage: Alarm['stage']; body: string }
  type Told = { message: string; endpoint: string; state: string; type: string }

  function fromEvents(alarm: Alarm, lines: readonly HistoryLine[]): void {
    const presses = lines.filter(({ what }) => what === 'raised' || what === 'pressed')
    if (lines[0]?.what !== 'raised' || lines.filter(({ what }) => what === 'raised').length !== 1)
      ledger.fail(`${alarm.id} was not raised once, as its first line`, alarm.id)
    if (presses.length !== alarm.pressCount)
      ledger.fail(`${alarm.id} has ${presses.length} presses in its history and counts ${alarm.pressCount}`, alarm.id)
    for (const { eventId, what } of lines) {
      if (eventId === undefined) continue
      const key = keyOf(alarm.device.id, eventId)
      const place = `${alarm.id} ${what}`
      const other = made.get(key)
      if (other !== undefined && other !== place)
        ledger.fail(`${key} made ${other} and ${place}`, alarm.id, alarm.device.id)
      made.set(key, place)
    }
    if (new Set(lines.flatMap(({ eventId }) => eventId ?? [])).size !== lines.filter(({ eventId }) => eventId).length)
      ledger.fail(`${alarm.id}: an event counts twice`, alarm.id, alarm.device.id)
  }

  function byPeople(alarm: Alarm, lines: readonly HistoryLine[]): void {
    let reached = 0
    for (const { what, stage, by, note } of lines) {
      const now = stages.indexOf(stage)
      if (now < reached) ledger.fail(`${alarm.id} went back from ${stages[reached]} to ${stage}`, alarm.id)
      reached = now
      if (what === 'closed' && note === undefined)
        ledger.fail(`${alarm.id} was closed by ${by}, and by no person`, alarm.id)
      if (note === undefined) continue
      const before = keys.get(note)
      if (before !== undefined && before.alarm !== alarm.id) ledger.fail(`${note} did two things`, alarm.id)
      keys.set(note, { alarm: alarm.id, what, by })
    }
    const notes = lines.flatMap(({ note }) => note ?? [])
    if (new Set(notes).size !== notes.length) ledger.fail(`${alarm.id}: a person's step was done twice`, alarm.id)
    if (stages[reached] !== alarm.stage)
      ledger.fail(`${alarm.id} is ${alarm.stage}, its history says ${stages[reached]}`, alarm.id)
  }

  function byEndpoints(alarm: Alarm, isNew: boolean): void {
    const deliveries = rowsOf<Told>(told, alarm.id)
    for (const { message, endpoint, state, type } of deliveries) {
      const booked = endpoints.find(({ id }) => id === endpoint)?.messages.get(message)
      if (state === 'pending')
        ledger.fail(`${type} ${message} to ${endpoint} waits, and nothing is out of order`, alarm.id)
      if (state === 'delivered' && booked?.acceptedAt === undefined)
        ledger.fail(`${type} ${message} counts as delivered, and ${endpoint} never took it`, alarm.id)
      if (state === 'cancelled' && alarm.stage !== 'closed')
        ledger.fail(`${type} ${message} is cancelled, and the alarm is open`, alarm.id)
    }
    for (const { message, endpoint, state, type } of deliveries)
      if (type === 'alarm.closed' && state !== 'delivered')
        ledger.fail(`${type} ${message} to ${endpoint} is ${state}`, alarm.id)
    if (!isNew) return
    for (const { id, level, raised, messages } of endpoints) {
      if (level > 0) continue
      const row = deliveries.find(({ endpoint, type }) => endpoint === id && type === 'alarm.raised')
      if (row === undefined) ledger.fail(`${alarm.id}: ${id} was never to be told`, alarm.id)
      else if (row.state !== 'cancelled' && messages.get(raised.get(alarm.id) ?? '')?.acceptedAt === undefined)
        ledger.fail(`${alarm.id}: ${id} was never told`, alarm.id)
    }
  }

  /** Told within a moment of its press, where nothing stood in the way. */
  function soon(alarm: Alarm, said: Said | undefined): void {
    const from = said?.arrivals.find(({ gatewayMs }) => gatewayMs === Date.parse(alarm.receivedAt))?.at
    if (from === undefined || ledger.troubledUntil(from - 5000, from + soonMs) !== undefined) return
    for (const { id, level, raised, messages } of endpoints) {
      const firstAt = messages.get(raised.get(alarm.id) ?? '')?.firstAt
      if (level === 0 && (firstAt ?? Number.POSITIVE_INFINITY) > from + soonMs)
        ledger.fail(`${alarm.id}: ${id} heard of it ${Math.round((firstAt ?? 0) - from)} ms after the press`, alarm.id)
    }
  }

  return {
    atRest(): void {
      for (const { n, id, stage, body } of rowsOf<Row>(touched, last, JSON.stringify(open))) {
        const lines = rowsOf<{ line: string }>(history, id).map(({ line }) => JSON.parse(line) as HistoryLine)
        const alarm = JSON.parse(body) as Alarm
        fromEvents(alarm, lines)
        byPeople(alarm, lines)
        byEndpoints(alarm, n > last)
        const raisedBy = ledger.said.get(keyOf(alarm.device.id, lines[0]?.eventId ?? ''))
        if (n > last) soon(alarm, raisedBy)
        checkDeadlines(alarm, lines, raisedBy)
        if (stage === 'closed') open = open.filter(other => other !== n)
        else if (!open.includes(n)) open.push(n)
        last = Math.max(last, n)
      }
      for (const [key, said] of ledger.said)
        if (said.isPubacked && said.isValid && said.state === 'raised' && !said.isRaised) {
          if (!made.has(key)) ledger.fail(`${key} had its PUBACK and no alarm knows it`, said.device)
          said.isRaised = true
        }
      for (const { alarm, by, key, what, answer } of ledger.asked.splice(0)) {
        const found = keys.get(key)
        if (answer === 'done' && (found?.alarm !== alarm || found.what !== what || found.by !== by))
          ledger.fail(`${by} was told that ${alarm} is ${what} (${key}), and its history doesn't say so`, alarm)
        if (answer === 'refused' && found !== undefined)
          ledger.fail(`${by} was refused that ${alarm} be ${what} (${key}), and it was done`, alarm)
      }
    },
  }
}

/** The desk's tick, a commit or two, the way there. */
const soonMs = 2000
