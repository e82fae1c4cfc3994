import type { Alarm, HistoryLine } from '../../schemas/alarm.ts'
import { stages } from '../../schemas/alarm.ts'
import type { WebhookMessage } from '../../schemas/webhook.ts'
import { createDeadlineCheck } from './check-deadlines.ts'
import { rowsOf } from './check-journal.ts'
import { keyOf, type Said } from './ledger.ts'
import type { World } from './world.ts'

/** Alarms on disk against the events that made them, the people who answered them, and the endpoints' books. At rest. */
export function createAlarmCheck(world: World) {
  const { disk, ledger, endpoints, operators } = world
  const touched = disk.db.prepare(
    "SELECT n, id, stage, body FROM alarm WHERE n > ? OR stage <> 'closed' OR n IN (SELECT value FROM json_each(?))",
  )
  const history = disk.db.prepare('SELECT line FROM history WHERE alarm = ? ORDER BY n')
  const told = disk.db.prepare(
    'SELECT d.message, d.endpoint, d.state, m.type FROM delivery d JOIN message m ON m.id = d.message WHERE d.subject = ? ORDER BY d.id',
  )
  const audited = disk.db.prepare('SELECT count(*) AS count FROM audit WHERE what = ? AND subject = ?')
  const bodyOf = disk.db.prepare('SELECT body FROM message WHERE id = ?')
  const checkDeadlines = createDeadlineCheck(world)
  /** Which alarm each event made or counted on. */
  const made = new Map<string, string>()
  const keys = new Map<string, { alarm: string; what: HistoryLine['what']; by: string | undefined }>()
  let last = 0
  let open: number[] = []
  type Row = { n: number; id: string; stage: Alarm['stage']; body: string }

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
      const isStep = what in follows
      if (isStep && !follows[what]?.includes(stages[reached] as Alarm['stage']) && what !== 'delivered')
        ledger.fail(`${alarm.id} is ${what} after it was ${stages[reached]}`, alarm.id)
      if (!isStep && now !== reached) ledger.fail(`${alarm.id} became ${stage} by being ${what}`, alarm.id)
      if (now < reached) ledger.fail(`${alarm.id} went back from ${stages[reached]} to ${stage}`, alarm.id)
      reached = now
      if (what === 'closed' && note === undefined)
        ledger.fail(`${alarm.id} was closed by ${by}, and by no person`, alarm.id)
      if (note === undefined) continue
      const before = keys.get(note)
      if (before !== undefined && before.alarm !== alarm.id) ledger.fail(`${note} did two things`, alarm.id)
      const { count } = audited.get(`alarm.${what}`, alarm.id) as { count: number }
      if (count !== 1)
        ledger.fail(`${alarm.id} was ${what} by ${by}, and ${count} lines of the audit log say so`, alarm.id)
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
    // Of older ones retention has begun to take.
    if (!isNew) return
    levels(alarm, deliveries)
    for (const { id, level, raised, messages } of endpoints) {
      if (level > 0) continue
      const row = deliveries.find(({ endpoint, type }) => endpoint === id && type === 'alarm.raised')
      if (row === undefined) ledger.fail(`${alarm.id}: ${id} was never to be told`, alarm.id)
      else if (row.state !== 'cancelled' && messages.get(raised.get(alarm.id) ?? '')?.acceptedAt === undefined)
        ledger.fail(`${alarm.id}: ${id} was never told`, alarm.id)
    }
  }

  /**
   * Each missed deadline is one level more and one message, and at each level those are told who stand at it, and nobody else;
   * but whoever took an alarm over by its answer isn't told of that.
   */
  function levels(alarm: Alarm, deliveries: readonly Told[]): void {
    const missed = deliveriesOf(deliveries, 'alarm.escalated')
    const lines = rowsOf<{ line: string }>(history, alarm.id).filter(({ line }) => line.includes('"what":"escalated"'))
    if (lines.length !== alarm.escalationLevel)
      ledger.fail(`${alarm.id} has missed ${lines.length} deadlines and is at level ${alarm.escalationLevel}`, alarm.id)
    if (missed.size !== lines.length)
      ledger.fail(`${alarm.id} has missed ${lines.length} deadlines, and ${missed.size} messages say so`, alarm.id)
    let expected = 0
    for (const message of missed.keys()) {
      const { body } = bodyOf.get(message) as { body: string }
      const level = (JSON.parse(body) as WebhookMessage).data.alarm?.escalationLevel
      if (level !== ++expected) ledger.fail(`${alarm.id} went from level ${expected - 1} to ${level}`, alarm.id)
    }
    for (const [message, told] of byMessage(deliveries)) {
      const { body } = bodyOf.get(message) as { body: string }
      const { type, data } = JSON.parse(body) as WebhookMessage
      const level = data.alarm?.escalationLevel ?? 0
      for (const endpoint of endpoints) {
        const isDue = endpoint.level <= level
        if (told.has(endpoint.id) === isDue || (isDue && type === 'alarm.acknowledged')) continue
        ledger.fail(
          `${alarm.id}: ${type} ${message} of level ${level} is ${isDue ? 'not ' : ''}for ${endpoint.id}`,
          alarm.id,
        )
      }
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

  function maintained(alarm: Alarm, said: Said | undefined): void {
    const from = said?.arrivals.find(({ gatewayMs }) => gatewayMs === Date.parse(alarm.receivedAt))?.at
    const expected = from === undefined ? undefined : operators.isMaintained(alarm.site.id, from)
    if (expected !== undefined && expected !== alarm.maintenance)
      ledger.fail(`${alarm.id} is ${alarm.maintenance ? '' : 'not '}one of maintenance`, alarm.id)
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
        if (n > last) {
          soon(alarm, raisedBy)
          maintained(alarm, raisedBy)
        }
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

/** What each step may come after. */
const follows: Partial<Record<HistoryLine['what'], readonly Alarm['stage'][]>> = {
  delivered: ['raised'],
  acknowledged: ['raised', 'delivered'],
  dispatched: ['acknowledged'],
  arrived: ['dispatched'],
  closed: ['acknowledged', 'dispatched', 'arrived'],
}

/** The desk's tick, a commit or two, the way there. */
const soonMs = 2000

type Told = { message: string; endpoint: string; state: string; type: string }

/** Who is told by each message, in the order of the messages. */
function byMessage(deliveries: readonly Told[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const { message, endpoint } of deliveries) found.set(message, (found.get(message) ?? new Set()).add(endpoint))
  return found
}
const deliveriesOf = (deliveries: readonly Told[], type: string) =>
  byMessage(deliveries.filter(one => one.type === type))
