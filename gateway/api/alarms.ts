import { z } from 'zod'
import { Alarm, type Stage } from '../../schemas/alarm.ts'
import { AlarmsPage, AlarmsQuery, NoQuery } from '../../schemas/api.ts'
import { neighboursOf } from '../alarms/neighbours.ts'
import { cursorOf, type Slice, toCursor } from './cursor.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'

export type AlarmsPort = {
  /** Newest first. */
  alarms(query: {
    stage?: Stage | undefined
    site?: string | undefined
    limit: number
    cursor?: number | undefined
  }): Promise<Slice<Alarm>>
  alarm(id: string): Promise<Alarm | undefined>
}

export type OpenPort = {
  /** In the order in which they were raised. */
  openAlarms(): readonly Alarm[]
}

export function addAlarms(app: App, ports: { alarms: AlarmsPort; open: OpenPort }): void {
  const withNeighbours = (alarm: Alarm): Alarm => ({
    ...alarm,
    neighbours: neighboursOf(alarm, ports.open.openAlarms()),
  })
  app.get(
    '/alarms',
    {
      config: { role: 'viewer', load: 'disk' },
      schema: {
        operationId: 'listAlarms',
        tags: ['alarms'],
        summary: 'Alarms with their stage and history, newest first',
        querystring: AlarmsQuery.extend({ cursor: cursorOf('alarms') }),
        response: { 200: AlarmsPage, ...refusals(400, 401, 403) },
      },
    },
    async ({ query }) => {
      const { items, next } = await ports.alarms.alarms(query)
      return { items: items.map(withNeighbours), cursor: toCursor('alarms', next) }
    },
  )

  app.get(
    '/alarms/:id',
    {
      config: { role: 'viewer' },
      schema: {
        operationId: 'getAlarm',
        tags: ['alarms'],
        summary: 'One alarm',
        params: z.object({ id: z.string().min(1).max(64) }),
        querystring: NoQuery,
        response: { 200: Alarm, ...refusals(400, 401, 403, 404) },
      },
    },
    async ({ params: { id } }, reply) => {
      const alarm = await ports.alarms.alarm(id)
      if (alarm !== undefined) return withNeighbours(alarm)
      return sendProblem(reply, problem(404, `There is no alarm ${id}; GET /api/v1/alarms lists them`))
    },
  )
}
