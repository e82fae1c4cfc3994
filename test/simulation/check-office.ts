import { rowsOf } from './check-journal.ts'
import type { World } from './world.ts'

/** What operators were answered, against the disk, the endpoints' books and the audit log. At rest. */
export function createOfficeCheck(world: World) {
  const { disk, ledger, operators, endpoints } = world
  const window = disk.db.prepare('SELECT until_ms AS untilMs FROM maintenance WHERE id = ?')
  const line = disk.db.prepare('SELECT count(*) AS count FROM audit WHERE what = ? AND subject = ?')
  const steps = disk.db.prepare(
    `SELECT what, subject, count(*) AS count FROM audit WHERE n > ? AND what LIKE 'alarm.%' GROUP BY what, subject`,
  )
  const lastLine = disk.db.prepare('SELECT coalesce(max(n), 0) AS n FROM audit')
  const noted = disk.db.prepare(
    `SELECT count(*) AS count FROM history
     WHERE alarm = ? AND line ->> '$.what' = ? AND line ->> '$.note' IS NOT NULL`,
  )
  let checkedUpTo = 0
  const countOf = (row: unknown) => (row as { count: number }).count

  return {
    atRest(): void {
      for (const { endpoint, message } of operators.tests.splice(0))
        if (endpoints.find(({ id }) => id === endpoint)?.messages.get(message)?.acceptedAt === undefined)
          ledger.fail(`${endpoint} was to be tested by ${message}, and never took it`, endpoint)
      for (const { what, subject } of operators.audited.splice(0))
        if (countOf(line.get(what, subject)) === 0)
          ledger.fail(`${what} of ${subject} was done, and is in no audit log`)
      for (const [id, { isBegun, isEnded }] of operators.windows) {
        if (!isBegun) continue
        const row = window.get(id) as { untilMs: number } | undefined
        if (row === undefined) ledger.fail(`maintenance ${id} was begun, and is not on disk`)
        else if (isEnded && row.untilMs > (world.gateway?.clock() ?? 0))
          ledger.fail(`maintenance ${id} was ended, and goes on`)
      }
      operators.forgetWindows()
      // Each step of a person is one line there, and none more.
      for (const { what, subject, count } of rowsOf<{ what: string; subject: string; count: number }>(
        steps,
        checkedUpTo,
      )) {
        const done = countOf(noted.get(subject, what.slice('alarm.'.length)))
        if (done !== count)
          ledger.fail(`${subject}: ${count} lines of the audit log say ${what}, its history ${done}`, subject)
      }
      checkedUpTo = (lastLine.get() as { n: number }).n
    },
  }
}
