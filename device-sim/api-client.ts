import type { z } from 'zod'
import type { ActionName, actionBodies } from '../schemas/actions.ts'
import type { Alarm } from '../schemas/alarm.ts'
import { AlarmsPage, DevicesPage, type DeviceView, Problem } from '../schemas/api.ts'
import { Failure } from './arguments.ts'

/** The gateway's HTTP API (contract 6), as a dispatch centre's own system would call it. */
export type Api = {
  /** One step of a person. `key`: the Idempotency-Key; the same step tried again is done once. Never throws. */
  act: <A extends ActionName>(alarmId: string, action: A, body: ActionBody<A>, key: string) => Promise<Acted>
  /** Newest first. Throws Failure. */
  alarmsOf: (site: string) => Promise<Alarm[]>
  devicesOf: (site: string) => Promise<DeviceView[]>
}
export type ActionBody<A extends ActionName> = z.input<(typeof actionBodies)[A]>

/** `unsure`: no answer, or one that may be another the next time; the step may be done or not. */
export type Acted = { result: 'done' } | { result: 'refused' | 'unsure'; why: string }

const timeoutMs = 5000

export function createApi({ url, token }: { url: string; token: string }): Api {
  const root = `${url.replace(/\/$/, '')}/api/v1`
  const authorization = { authorization: `Bearer ${token}` }
  const read = async <T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T>> => {
    const response = await fetch(`${root}${path}`, {
      headers: authorization,
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: Error) => {
      throw new Failure(`GET ${path}: ${error.message}`)
    })
    if (!response.ok) throw new Failure(`GET ${path} answered ${response.status}: ${await response.text()}`)
    return schema.parse(await response.json())
  }
  return {
    act: async (alarmId, action, body, key) => {
      try {
        const response = await fetch(`${root}/alarms/${encodeURIComponent(alarmId)}/${action}`, {
          method: 'POST',
          headers: { ...authorization, 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(timeoutMs),
          redirect: 'manual',
        })
        const text = await response.text()
        if (response.ok) return { result: 'done' }
        const passing = response.status >= 500 || response.status === 429
        return { result: passing ? 'unsure' : 'refused', why: `${response.status} ${reasonOf(text)}` }
      } catch (error) {
        return { result: 'unsure', why: (error as Error).message }
      }
    },
    alarmsOf: async site => (await read(`/alarms?site=${site}&limit=100`, AlarmsPage)).items,
    devicesOf: async site => (await read(`/devices?site=${site}`, DevicesPage)).items,
  }
}

function reasonOf(text: string): string {
  try {
    const { data } = Problem.safeParse(JSON.parse(text))
    return data?.detail ?? data?.title ?? 'without a reason'
  } catch {
    return 'without a problem+json body'
  }
}
