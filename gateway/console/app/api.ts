import type { MaintenanceView } from '../../../schemas/actions.ts'
import type { Alarm } from '../../../schemas/alarm.ts'
import type {
  DeliveryView,
  DeviceView,
  EventView,
  Me,
  Page,
  Problem,
  RejectionView,
  SiteView,
  Stats,
} from '../../../schemas/api.ts'
import type { Condition } from '../../../schemas/condition.ts'
import type { Histogram } from '../../../schemas/histogram.ts'
import type { ResponseReport } from '../../../schemas/report.ts'

/** What each list and figure of the API answers, by its path under /api/v1. */
export type Answers = {
  me: Me
  sites: Page<SiteView>
  devices: Page<DeviceView>
  events: Page<EventView>
  alarms: Page<Alarm>
  deliveries: Page<DeliveryView>
  rejections: Page<RejectionView>
  stats: Stats
  maintenance: { items: MaintenanceView[] }
  'reports/response': ResponseReport
  'events/histogram': Histogram
  health: Condition
}
export type Query = Record<string, string | number | undefined>

/** A call that was not answered with what was asked for. `problem`: what the gateway said; absent when it said nothing. */
export class ApiError extends Error {
  readonly problem: Problem | undefined
  /** 0: no answer at all, or none in time. Whether the call did something isn't known then. */
  readonly status: number

  constructor(status: number, problem: Problem | undefined, message: string) {
    super(message)
    this.status = status
    this.problem = problem
  }
}

export type Api = {
  /** Throws ApiError. A query's undefined and empty values are left out. */
  get<P extends keyof Answers>(path: P, query?: Query, signal?: AbortSignal): Promise<Answers[P]>
  alarm(id: string, signal?: AbortSignal): Promise<Alarm>
  /** `path` under /api/v1, ids escaped by the caller; `key`: the Idempotency-Key. Throws ApiError. */
  post<T>(path: string, body?: object, key?: string): Promise<T>
  /** `path` as for `post`. Throws ApiError. */
  remove<T>(path: string): Promise<T>
  /** Whom a token stands for, before there is a session. Throws ApiError. */
  who(token: string): Promise<Me>
  /** `/readyz`, `/healthz`, `/metrics`: as they are, whatever the status. Throws ApiError without an answer. */
  open(path: '/readyz' | '/healthz' | '/metrics'): Promise<{ status: number; text: string }>
  /** The event stream's response, without a limit in time. Throws ApiError. */
  stream(lastId: string | undefined, signal: AbortSignal): Promise<Response>
}

type Call = Omit<RequestInit, 'signal'> & { token?: string; signal?: AbortSignal | undefined }

const root = '/api/v1/'
const timeoutMs = 8000

export function createApi(ports: { token: () => string | undefined; onUnknownToken: () => void }): Api {
  async function call(path: string, init: Call): Promise<Response> {
    const { token, signal = null, ...rest } = init
    const sent = token ?? ports.token()
    const headers = { ...rest.headers, ...(sent === undefined ? {} : { authorization: `Bearer ${sent}` }) }
    const response = await fetch(path, { ...rest, signal, headers, cache: 'no-store', redirect: 'error' }).catch(
      error => {
        if (signal?.aborted && error.name === 'AbortError') throw error
        throw new ApiError(0, undefined, `${path}: ${error.message}`)
      },
    )
    if (response.ok) return response
    // Of another session than this one's it says nothing.
    if (response.status === 401 && token === undefined && sent === ports.token()) ports.onUnknownToken()
    throw await errorOf(response)
  }
  const inTime = (signal: AbortSignal | undefined) => {
    const late = AbortSignal.timeout(timeoutMs)
    return signal === undefined ? late : AbortSignal.any([late, signal])
  }
  const json = async <T>(path: string, init: Call = {}): Promise<T> => {
    const response = await call(path, { ...init, signal: inTime(init.signal) })
    return (await response.json().catch(error => {
      throw new ApiError(0, undefined, `${path}: ${error.message}`)
    })) as T
  }
  return {
    get: (path, query = {}, signal) => json(`${root}${path}${searchOf(query)}`, { signal }),
    alarm: (id, signal) => json(`${root}alarms/${encodeURIComponent(id)}`, { signal }),
    post: (path, body, key) =>
      json(`${root}${path}`, {
        method: 'POST',
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    remove: path => json(`${root}${path}`, { method: 'DELETE' }),
    who: token => json(`${root}me`, { token }),
    async open(path) {
      const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) }).catch(error => {
        throw new ApiError(0, undefined, `${path}: ${error.message}`)
      })
      return { status: response.status, text: await response.text() }
    },
    stream: (lastId, signal) =>
      call(`${root}stream`, { signal, headers: lastId === undefined ? {} : { 'last-event-id': lastId } }),
  }
}

function searchOf(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`
}

async function errorOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => undefined)) as Problem | undefined
  return new ApiError(response.status, problem, problem?.detail ?? `HTTP ${response.status}`)
}
