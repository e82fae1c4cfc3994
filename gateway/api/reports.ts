import type { Alarm } from '../../schemas/alarm.ts'
import { ResponseReport, ResponseReportQuery } from '../../schemas/report.ts'
import { parseTime } from '../../schemas/time.ts'
import type { Clock } from '../clock.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'

export type ReportsPort = {
  /** Over alarms received in [from, to), ms; undefined: there are more than `limit`. */
  response(query: {
    from: number
    to: number
    mode: Alarm['mode']
    site?: string | undefined
    limit: number
  }): Promise<ResponseReport | undefined>
}

const defaultSpanMs = 30 * 24 * 60 * 60_000
const maxAlarms = 100_000

export function addReports(app: App, { reports, clock }: { reports: ReportsPort; clock: Clock }): void {
  app.get(
    '/reports/response',
    {
      config: { role: 'viewer', load: 'disk' },
      schema: {
        operationId: 'reportResponse',
        tags: ['alarms'],
        summary: 'How fast each site was helped',
        description:
          'Of closed alarms. Deliver, acknowledge and close count from when the gateway received the press, dispatch from acknowledge, arrive from dispatch.',
        querystring: ResponseReportQuery,
        response: { 200: ResponseReport, ...refusals(400, 401, 403) },
      },
    },
    async ({ query: { from, to, ...query } }, reply) => {
      const toMs = to === undefined ? clock() : (parseTime(to) as number)
      const fromMs = from === undefined ? toMs - defaultSpanMs : (parseTime(from) as number)
      if (fromMs >= toMs) return sendProblem(reply, problem(400, 'from must be before to, and before now'))
      const report = await reports.response({ ...query, from: fromMs, to: toMs, limit: maxAlarms })
      if (report !== undefined) return report
      return sendProblem(reply, problem(400, `These are more than ${maxAlarms} alarms; ask for a shorter time`))
    },
  )
}
