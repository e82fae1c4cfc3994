import { z } from 'zod'
import { MaintenanceBody, MaintenanceList, MaintenanceView } from '../../schemas/actions.ts'
import { NoQuery } from '../../schemas/api.ts'
import { type Clock, iso } from '../clock.ts'
import type { Window } from '../devices/maintenance.ts'
import { callerName } from './auth.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'

export type MaintenancePort = {
  /** Resolves once it is on disk. */
  begin(window: Window, caller: string): Promise<void>
  /** Whether there was an open one. */
  end(id: string, now: number, caller: string): Promise<boolean>
  openAt(now: number): readonly Window[]
}
type Ports = {
  maintenance: MaintenancePort
  registry: { site(id: string): unknown; device(id: string): unknown }
  clock: Clock
  newId: () => string
}

/** Each alarm and each second's look at who is silent asks all of them. */
const maxOpen = 1000

export function addMaintenance(app: App, { maintenance, registry, clock, newId }: Ports): void {
  app.get(
    '/maintenance',
    {
      config: { role: 'viewer' },
      schema: {
        operationId: 'listMaintenance',
        tags: ['maintenance'],
        summary: 'Maintenance windows that have not ended',
        querystring: NoQuery,
        response: { 200: MaintenanceList, ...refusals(400, 401, 403) },
      },
    },
    async () => ({ items: maintenance.openAt(clock()).map(viewOf) }),
  )

  app.post(
    '/maintenance',
    {
      config: { role: 'dispatcher' },
      schema: {
        operationId: 'beginMaintenance',
        tags: ['maintenance'],
        summary: 'Somebody works on a site or a device from now on',
        description: 'Its alarms are marked and still delivered, its silence is not reported. It ends by itself.',
        querystring: NoQuery,
        body: MaintenanceBody,
        response: { 201: MaintenanceView, ...refusals(400, 401, 403, 404, 409) },
      },
    },
    async ({ body: { site, device, minutes, by, note }, caller }, reply) => {
      if (site !== undefined && registry.site(site) === undefined)
        return sendProblem(reply, problem(404, `There is no site ${site}; GET /api/v1/sites lists them`))
      if (device !== undefined && registry.device(device) === undefined)
        return sendProblem(reply, problem(404, `There is no device ${device}; GET /api/v1/devices lists them`))
      const fromMs = clock()
      if (maintenance.openAt(fromMs).length >= maxOpen)
        return sendProblem(reply, problem(409, `${maxOpen} windows are open, which is the most; end some first`))
      const window: Window = {
        id: newId(),
        site: site ?? null,
        device: device ?? null,
        fromMs,
        untilMs: fromMs + minutes * 60_000,
        by,
        note: note ?? null,
      }
      await maintenance.begin(window, callerName(caller))
      return reply.code(201).send(viewOf(window))
    },
  )

  app.delete(
    '/maintenance/:id',
    {
      config: { role: 'dispatcher' },
      schema: {
        operationId: 'endMaintenance',
        tags: ['maintenance'],
        summary: 'It ends now',
        params: z.object({ id: z.string().min(1).max(64) }),
        querystring: NoQuery,
        response: { 200: MaintenanceView, ...refusals(400, 401, 403, 404) },
      },
    },
    async ({ params: { id }, caller }, reply) => {
      const now = clock()
      const window = maintenance.openAt(now).find(open => open.id === id)
      if (window === undefined || !(await maintenance.end(id, now, callerName(caller))))
        return sendProblem(reply, problem(404, `No window ${id} is open; GET /api/v1/maintenance lists them`))
      return viewOf({ ...window, untilMs: now })
    },
  )
}

const viewOf = ({ fromMs, untilMs, ...window }: Window): MaintenanceView => ({
  ...window,
  from: iso(fromMs),
  until: iso(untilMs),
})
