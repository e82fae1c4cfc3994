import type { Kind } from '../../schemas/events/kinds.ts'
import { Histogram, HistogramQuery } from '../../schemas/histogram.ts'
import { parseTime } from '../../schemas/time.ts'
import { type Clock, iso } from '../clock.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'

export type HistogramPort = {
  /** Events per bucket from `fromMs` on. `countedFromMs`: what was received before it was not looked at; null: all was. */
  histogram(query: {
    site?: string | undefined
    device?: string | undefined
    kind?: Kind | undefined
    by: 'kind' | 'site' | 'device'
    fromMs: number
    toMs: number
    bucketMs: number
    buckets: number
  }): Promise<{ series: Histogram['series']; countedFromMs: number | null }>
}

export function addHistogram(app: App, { histogram, clock }: { histogram: HistogramPort; clock: Clock }): void {
  app.get(
    '/events/histogram',
    {
      config: { role: 'viewer', load: 'disk' },
      schema: {
        operationId: 'countEvents',
        tags: ['journal'],
        summary: 'How many events there were over time',
        description: 'Looks at no more than the 500 000 newest entries, and says in `countedFrom` where it stopped.',
        querystring: HistogramQuery,
        response: { 200: Histogram, ...refusals(400, 401, 403) },
      },
    },
    async ({ query: { from, to, buckets: wanted, ...query } }, reply) => {
      const fromMs = parseTime(from) as number
      const toMs = to === undefined ? clock() : (parseTime(to) as number)
      if (fromMs >= toMs) return sendProblem(reply, problem(400, 'from must be before to, and before now'))
      if (query.by === 'device' && query.site === undefined && query.device === undefined)
        return sendProblem(reply, problem(400, 'by=device needs a site, or a device'))
      const bucketMs = Math.max(1, Math.ceil((toMs - fromMs) / wanted))
      const buckets = Math.ceil((toMs - fromMs) / bucketMs)
      const { series, countedFromMs } = await histogram.histogram({ ...query, fromMs, toMs, bucketMs, buckets })
      const countedFrom = countedFromMs === null ? null : iso(countedFromMs)
      return { from: iso(fromMs), to: iso(toMs), bucketMs, buckets, series, countedFrom }
    },
  )
}
