import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { type ActionName, actionBodies, IdempotencyKey, SiteActionResult } from '../../schemas/actions.ts'
import { Alarm } from '../../schemas/alarm.ts'
import { NoQuery } from '../../schemas/api.ts'
import { Id } from '../../schemas/ids.ts'
import type { Acted, Action, Receipt } from '../alarms/action.ts'
import { neighboursOf } from '../alarms/neighbours.ts'
import type { AlarmsPort, OpenPort } from './alarms.ts'
import { callerName } from './auth.ts'
import { createOnce, type ReceiptsPort, requestOf } from './once.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import { refusedStep } from './refused-step.ts'
import type { App } from './route.ts'

export type ActionsPort = {
  /** undefined: no open alarm has this id. */
  act(id: string, action: Action, caller: string, receipt?: Receipt): Promise<Acted | undefined>
  /** On all of a site's open alarms, in one transaction. */
  actOnSite(site: string, action: Action, caller: string): Promise<{ id: string; acted: Acted }[]>
}
type Ports = {
  actions: ActionsPort
  receipts: ReceiptsPort
  alarms: Pick<AlarmsPort, 'alarm'>
  open: OpenPort
  registry: { site(id: string): unknown }
}

const names = Object.keys(actionBodies) as ActionName[]
const headers = z.looseObject({ 'idempotency-key': IdempotencyKey.optional() })

/** What people do to alarms (contract 6). The desk decides; two who act at once get one 200 and one 409. */
export function addActions(app: App, ports: Ports): void {
  const once = createOnce<Acted | undefined>(ports.receipts)
  for (const name of names) {
    app.post(
      `/alarms/:id/${name}`,
      {
        config: { role: 'dispatcher', load: 'alarm' },
        schema: {
          operationId: `${name}Alarm`,
          tags: ['alarms'],
          summary: summaries[name],
          description: '409: not possible at its stage; the problem says which that is and who brought it there.',
          params: z.object({ id: z.string().min(1).max(64) }),
          querystring: NoQuery,
          headers,
          body: actionBodies[name],
          response: { 200: Alarm, ...refusals(400, 401, 403, 404, 409, 422, 503) },
        },
      },
      async ({ params: { id }, body, headers: { 'idempotency-key': key }, caller, method, url }, reply) => {
        const action: Action = { ...body, name }
        const who = callerName(caller)
        if (key === undefined) return await tell(await ports.actions.act(id, action, who), id, name, reply)
        const receipt = { caller: who, key, request: requestOf(method, url, body) }
        const result = await once(receipt, async () => {
          const acted = await ports.actions.act(id, action, who, receipt)
          return acted !== undefined && 'alarm' in acted
            ? { done: acted, answer: JSON.stringify(acted.alarm) }
            : { done: acted }
        })
        if (result === 'other')
          return sendProblem(reply, problem(422, `Idempotency-Key ${key} stands for another request; take a new one`))
        if ('done' in result) return await tell(result.done, id, name, reply)
        reply.header('idempotent-replayed', 'true')
        return whole(JSON.parse(result.replayed) as Alarm)
      },
    )

    app.post(
      `/sites/:id/alarms/${name}`,
      {
        config: { role: 'dispatcher', load: 'alarm' },
        schema: {
          operationId: `${name}SiteAlarms`,
          tags: ['alarms'],
          summary: `${summaries[name]}: all open alarms of a site`,
          description: 'In one transaction. Sent again it does nothing twice: what was done is refused with its stage.',
          params: z.object({ id: Id }),
          querystring: NoQuery,
          body: actionBodies[name],
          response: { 200: SiteActionResult, ...refusals(400, 401, 403, 404, 503) },
        },
      },
      async ({ params: { id }, body, caller }, reply) => {
        const results = await ports.actions.actOnSite(id, { ...body, name }, callerName(caller))
        // One that has left the registry may have open alarms still.
        if (results.length === 0 && ports.registry.site(id) === undefined)
          return sendProblem(reply, problem(404, `There is no site ${id}; GET /api/v1/sites lists them`))
        return { items: results.map(({ id, acted }) => itemOf(name, id, acted)) }
      },
    )
  }

  const whole = (alarm: Alarm): Alarm => ({ ...alarm, neighbours: neighboursOf(alarm, ports.open.openAlarms()) })

  async function tell(acted: Acted | undefined, id: string, name: ActionName, reply: FastifyReply) {
    if (acted !== undefined && 'alarm' in acted) return whole(acted.alarm)
    const refused = acted ?? (await closedOne(id))
    if (refused === undefined)
      return sendProblem(reply, problem(404, `There is no alarm ${id}; GET /api/v1/alarms lists them`))
    const { stage, by } = refused
    const more = by === undefined ? { stage } : { stage, by }
    return sendProblem(reply, problem(409, `Alarm ${id} is ${refusedStep(name, refused)}`, more))
  }

  /** The desk holds what is open; a closed alarm is on disk. */
  async function closedOne(id: string): Promise<{ stage: Alarm['stage']; by?: string | undefined } | undefined> {
    const alarm = await ports.alarms.alarm(id)
    return alarm && { stage: alarm.stage, by: alarm.history.findLast(({ what }) => what === alarm.stage)?.by }
  }
}

const itemOf = (name: ActionName, id: string, acted: Acted): SiteActionResult['items'][number] =>
  'alarm' in acted
    ? { id, done: true, stage: acted.alarm.stage }
    : { id, done: false, stage: acted.stage, refused: refusedStep(name, acted) }

const summaries: Record<ActionName, string> = {
  acknowledge: 'Take over',
  dispatch: 'A patrol was sent',
  arrive: 'The patrol is there',
  close: 'Done, and what it was',
}
