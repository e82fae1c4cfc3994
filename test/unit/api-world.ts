import { Registry } from 'prom-client'
import { onTestFinished } from 'vitest'
import { tokenDigest } from '../../gateway/api/auth.ts'
import { type ApiOptions, createApi } from '../../gateway/api/server.ts'
import type { Entry } from '../../gateway/journal/journal.ts'
import { createMasking } from '../../gateway/journal/versions.ts'
import type { Log } from '../../gateway/log.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import { type DeliveryView, type RejectionView, roles, type Stats } from '../../schemas/api.ts'
import type { Kind } from '../../schemas/events/kinds.ts'
import { Device, Site } from '../../schemas/registry.ts'

/** The API on a real port, over ports that are arrays: the real ones are sqlite's and have tests of their own. */
export const at = Date.parse('2026-11-24T00:15:00.250Z')
const masking = createMasking([{ version: 1, fromSeq: 1, key: Buffer.from('a key of this test') }])
export const { pseudonym } = masking.current

/** What must never show: each stands in the entries below. */
export const secrets = [
  'person-4711',
  '晋A12345',
  'wanted-list-9',
  'called Zhang San',
  'pressed by Li Si',
  'cam/4711.jpg',
]

let seq = 0
export const entry = (kind: Kind, payload: object, more: Partial<Entry> = {}): Entry => ({
  seq: ++seq,
  kind,
  site: 'school-01',
  siteKind: 'school',
  device: 'school-01-gate-01',
  id: kind === 'heartbeat' || kind === 'status' ? null : `boot1:${seq}`,
  at: at + seq,
  receivedAt: at + seq + 40,
  skewMs: null,
  payload: JSON.stringify({ id: `boot1:${seq}`, ...payload }),
  ...more,
})

const person = { ref: 'person-4711', role: 'student', name: 'called Zhang San' }
export const entries: Entry[] = [
  entry('access', {
    time: '2026-11-24T08:15:00+08:00',
    data: { door: 'north', direction: 'in', method: 'card', result: 'denied', reason: 'called Zhang San', person },
  }),
  entry('face', {
    data: { camera: 'gate', match: 'listed', list: 'wanted-list-9', score: 0.9, person, image: 'http://cam/4711.jpg' },
  }),
  entry('vehicle', { data: { lane: 'in-1', direction: 'in', plate: '晋A12345', unheardOf: '晋A12345' } }),
  entry('vehicle', { data: { lane: 'in-1', direction: 'in', plate: null } }),
  entry('alarm', { data: { trigger: 'panic', state: 'raised', mode: 'actual', note: 'pressed by Li Si' } }),
  entry('telemetry', { time: '2030-01-01T00:00:00Z', data: { metrics: { lux: 3.5 } } }, { skewMs: 98_000_000 }),
  entry('heartbeat', { battery: 80 }, { site: 'compound-01', siteKind: 'compound', device: 'compound-01-sensor-01' }),
  entry('status', { status: 'online', boot: 3, time: 'not a field here' }),
].reverse()

export const sites = [
  Site.parse({
    id: 'school-01',
    name: '第一小学',
    kind: 'school',
    contacts: [{ name: 'Wang Wu', phone: '13800000000' }],
  }),
  Site.parse({ id: 'compound-01', name: '阳光小区', kind: 'compound', location: { lat: 37.7, lon: 112.5 } }),
]
export const devices = [
  Device.parse({ id: 'school-01-gate-01', site: 'school-01', kind: 'access-controller', secret: 'clear-secret' }),
  Device.parse({ id: 'school-01-button-01', site: 'school-01', kind: 'panic-button', name: '门卫室按钮' }),
  Device.parse({ id: 'compound-01-sensor-01', site: 'compound-01', kind: 'sensor', externalId: '1'.repeat(20) }),
]

const alarm = (id: string, stage: Alarm['stage'], site: string): Alarm => ({
  id,
  trigger: 'panic',
  mode: 'actual',
  stage,
  escalationLevel: 0,
  pressCount: 1,
  restoredAt: null,
  raisedAt: '2026-11-24T00:15:00.250Z',
  receivedAt: '2026-11-24T00:15:00.290Z',
  incidentNo: null,
  disposition: null,
  deadlines: { acknowledge: '2026-11-24T00:15:30.290Z' },
  history: [{ at: '2026-11-24T00:15:00.290Z', what: 'raised', stage: 'raised', eventId: 'boot1:5' }],
  site: { id: site, name: site, kind: 'school', address: null, location: null, responseMinutes: 3, contacts: [] },
  device: { id: `${site}-button-01`, name: 'button', kind: 'panic-button', placement: null },
  context: { recent: [] },
  maintenance: false,
  neighbours: [],
})
export const alarms = [
  alarm('a-3', 'raised', 'school-01'),
  alarm('a-2', 'delivered', 'compound-01'),
  alarm('a-1', 'closed', 'school-01'),
]

const delivery = (id: number, state: DeliveryView['state']): DeliveryView => ({
  id,
  messageId: `msg-${id}`,
  type: 'alarm.raised',
  subject: 'a-3',
  endpoint: 'command-centre',
  state,
  attempts: 1,
  createdAt: '2026-11-24T00:15:00.290Z',
  nextAttemptAt: null,
  deliveredAt: null,
  lastStatus: 503,
  lastError: 'answered 503',
})
export const deliveries = [delivery(2, 'pending'), delivery(1, 'delivered')]

export const rejections: RejectionView[] = [
  {
    seq: 9,
    site: 'school-01',
    device: 'school-01-gate-01',
    topic: 'gh/v1/school-01/school-01-gate-01/event/access',
    reason: 'data.door is missing',
    receivedAt: '2026-11-24T00:15:00.290Z',
    bytes: 77,
    replayedAs: null,
  },
]

export const stats: Stats = {
  received: 9,
  accepted: 8,
  duplicate: 0,
  rejected: 1,
  consumers: { influx: { done: 7, pending: 1, quarantined: 0 } },
  journal: { lastSeq: 9, bytes: 4096 },
  deliveries: { pending: 1, delivered: 1, cancelled: 0 },
  alarms: { open: 2, closed: 1 },
  connections: 1,
}

/** Newest first in steps of `limit`; a cursor is how many were passed. */
function slice<T>(all: T[], { limit, cursor = 0 }: { limit: number; cursor?: number | undefined }) {
  const items = all.slice(cursor, cursor + limit)
  return { items, next: cursor + limit < all.length ? cursor + limit : null }
}
const same = (wanted: unknown, value: unknown) => wanted === undefined || wanted === value

export const ports = {
  masking,
  clock: () => at,
  newId: () => 'id-1',
  registry: {
    sites: () => sites,
    devices: () => devices,
    site: id => sites.find(one => one.id === id),
    device: id => devices.find(one => one.id === id),
  },
  presence: {
    connected: (id: string) => id === 'school-01-gate-01',
    presence: (id: string) => (id === 'school-01-gate-01' ? ('online' as const) : ('unknown' as const)),
    battery: (id: string) => (id === 'school-01-gate-01' ? 87 : undefined),
    missing: () => 0,
    usesCurrentSecret: () => false,
    lastSeenAt: (id: string) => (id === 'school-01-gate-01' ? at : undefined),
  },
  reload: async () => ({ mistakes: ['registry.yaml:2: version: must be 1', 'CENTRE_SECRET: is not set'] }),
  histogram: {
    histogram: async ({ buckets }) => ({
      series: [{ key: 'alarm', counts: Array(buckets).fill(1) }],
      countedFromMs: null,
    }),
  },
  condition: async () => ({
    uptimeS: 60,
    trouble: null,
    journal: { queued: 0 },
    disk: { level: 'roomy' as const, freeBytes: 1e9 },
    lag: [{ consumer: 'alarms', entries: 0, seconds: 0 }],
    influx: null,
    endpoints: [],
    eventLoop: null,
    memoryBytes: 1e8,
    connections: { open: 1, throttled: 0 },
    faults: [],
  }),
  events: {
    events: async query => {
      const found = entries.filter(
        one =>
          same(query.site, one.site) &&
          same(query.device, one.device) &&
          same(query.kind, one.kind) &&
          one.at >= (query.fromMs ?? 0) &&
          one.at < (query.toMs ?? Number.POSITIVE_INFINITY),
      )
      const { items, next } = slice(found, query)
      return { entries: items, next }
    },
  },
  alarms: {
    alarms: async query =>
      slice(
        alarms.filter(one => same(query.stage, one.stage) && same(query.site, one.site.id)),
        query,
      ),
    alarm: async id => alarms.find(one => one.id === id),
    openAlarmsBySite: async () => ({ 'school-01': 1, 'compound-01': 1 }),
  },
  open: { openAlarms: () => alarms.filter(({ stage }) => stage !== 'closed') },
  actions: { act: async () => undefined, actOnSite: async () => [] },
  receipts: { receipt: async () => undefined },
  maintenance: { begin: async () => {}, end: async () => false, openAt: () => [] },
  audit: { audit: async () => ({ items: [], next: null }) },
  auditing: { write: async () => {} },
  erase: async () => ({ entries: 0, rejections: 0, left: 0, pseudonyms: [], logEmptied: true }),
  retries: {
    retry: async id => {
      const found = deliveries.find(one => one.id === id)
      return found && { done: found.state === 'pending', delivery: found }
    },
  },
  endpoints: { test: async id => (id === 'command-centre' ? 'msg-9' : undefined) },
  reports: { response: async () => ({ items: [] }) },
  stream: {
    subscribe: () => () => {},
    counters: () => ({
      at: new Date(at).toISOString(),
      stored: 8,
      duplicate: 0,
      rejected: 1,
      journalQueued: 0,
      connections: 1,
      openAlarms: 2,
    }),
  },
  deliveries: {
    deliveries: async query =>
      slice(
        deliveries.filter(one => same(query.state, one.state)),
        query,
      ),
  },
  rejections: {
    rejections: async query =>
      slice(
        rejections.filter(one => same(query.site, one.site) && same(query.device, one.device)),
        query,
      ),
  },
  replay: { replay: async id => (id === 9 ? { result: 'stored' as const, seq: 10 } : undefined) },
  stats: { stats: async () => stats },
} satisfies Partial<ApiOptions>

// biome-ignore lint/suspicious/noExplicitAny: a body is what it is until a schema has looked at it
export type Answer = { status: number; headers: Headers; text: string; json: any }

export const tokens = roles.map(role => ({ name: `some ${role}`, role, digest: tokenDigest(`token-of-${role}`) }))

/** Ends with the test that started it. `logged` holds each log line. */
export async function startApi(more: Partial<ApiOptions> = {}) {
  const logged: { level: string; line: Record<string, unknown>; message: string }[] = []
  const write =
    (level: string) =>
    (line: Record<string, unknown>, message = '') =>
      void logged.push({ level, line, message })
  const log = Object.fromEntries(['debug', 'info', 'warn', 'error', 'fatal'].map(level => [level, write(level)]))
  const api = await createApi({
    log: log as unknown as Log,
    version: '0.1.0',
    metrics: new Registry(),
    tokens: () => tokens,
    checks: {},
    ...ports,
    ...more,
  })
  onTestFinished(() => api.close())
  const port = await api.listen({ host: '127.0.0.1', port: 0 })
  const base = `http://127.0.0.1:${port}`

  async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${base}${path}`, init)
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== ''
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined }
  }
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  /** As a dispatcher, unless `headers` say otherwise. */
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    ask(`/api/v1/${path}`, {
      method: 'POST',
      headers: {
        ...as('token-of-dispatcher').headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  return {
    api,
    port,
    base,
    logged,
    ask,
    as,
    post,
    get: (path: string) => ask(`/api/v1/${path}`, as('token-of-viewer')),
  }
}
