import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pino } from 'pino'
import { planFor } from '../../gateway/alarms/deadlines.ts'
import type { DueDelivery, Settled } from '../../gateway/alarms/delivery.ts'
import { Desk } from '../../gateway/alarms/desk.ts'
import type { DeskStore } from '../../gateway/alarms/desk-store.ts'
import { RecentEvents } from '../../gateway/alarms/recent.ts'
import type { Accepted, Quarantined } from '../../gateway/journal/journal.ts'
import { AppendQueue } from '../../gateway/sqlite/append-queue.ts'
import { openDatabase } from '../../gateway/sqlite/database.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import type { Kind } from '../../schemas/events/kinds.ts'
import type { WebhookMessage } from '../../schemas/webhook.ts'
import { until } from './until.ts'

/** A desk on the real storage thread, as gateway.ts wires it; what it tells stands in the file, what it offers in `due`. */
export type TestDesk = {
  desk: Desk<DueDelivery>
  database: Awaited<ReturnType<typeof openDatabase>>
  due: DueDelivery[]
  quarantined: Quarantined[]
  /** Appends one event as the broker would, wakes the desk, and returns its number. */
  append(kind: Kind, payload: object, more?: Partial<Accepted>): Promise<number>
  press(device: string, id: string, data?: object): Promise<number>
  /** Turns that were written together with their events. */
  ahead(): number
  /** Resolves once the desk's cursor is on disk at `seq` or beyond. */
  passed(seq: number): Promise<void>
  settle(delivery: DueDelivery, reply?: Settled['reply']): Promise<void>
  alarms(): Promise<Alarm[]>
  /** Every message there is by its endpoint, in their order. */
  messages(): { endpoint: string; type: string; message: WebhookMessage; state: string }[]
  stats(): Promise<{ done: number; pending: number; quarantined: number }>
  close(): Promise<void>
}
type Store = DeskStore<DueDelivery>

export async function openDesk(
  dir: string,
  options: {
    endpoints?: string[]
    told?: (escalationLevel: number) => string[]
    clock?: () => number
    around?: (store: Store) => Store
    /** Alarm events are decided on while they are on their way to the disk. */
    followsAhead?: boolean
  } = {},
): Promise<TestDesk> {
  const file = join(dir, 'journal.sqlite')
  const database = await openDatabase(file, error => {
    throw error
  })
  const { read, write } = database
  await write.call('enroll', 'alarms')
  const outside = new DatabaseSync(file, { readOnly: true })
  const select = outside.prepare(
    'SELECT d.endpoint, d.state, m.type, m.body FROM delivery d JOIN message m ON m.id = d.message ORDER BY d.id',
  )
  const due: DueDelivery[] = []
  const quarantined: Quarantined[] = []
  const recent = new RecentEvents((_kind, payload) => JSON.parse(payload).data)
  const store: Store = {
    readAlarms: (after, limit) => read.call('readAlarms', { after, limit, window: 20_000 }),
    commit: change => write.call('commitDesk', change),
  }
  const desk = new Desk<DueDelivery>({
    cursor: await read.call('cursor', 'alarms'),
    open: await read.call('openAlarms', undefined),
    store: options.around?.(store) ?? store,
    site: () => undefined,
    device: () => undefined,
    endpoints: options.told ?? (() => options.endpoints ?? ['centre']),
    plan: alarm => planFor([], alarm),
    isMaintained: () => false,
    onPassed: () => {},
    onStep: () => {},
    recent: (entry, now) => recent.of(entry.site, entry.seq, now),
    clock: options.clock ?? Date.now,
    newId: randomUUID,
    log: pino({ level: 'silent' }),
    pseudonym: name => `pseudonym of ${name}`,
    onDue: some => void due.push(...some),
    onQuarantined: some => void quarantined.push(...some),
  })
  let ahead = 0
  const journal = new AppendQueue(write, {
    follow(publishes) {
      const decided = options.followsAhead ? desk.follow(publishes) : undefined
      return (
        decided && {
          following: decided.following,
          done(followed) {
            if (followed !== null) ahead++
            decided.done(followed)
          },
        }
      )
    },
  })
  const append: TestDesk['append'] = async (kind, payload, more = {}) => {
    const bytes = Buffer.from(JSON.stringify(payload))
    const publish: Accepted = {
      receivedAt: (options.clock ?? Date.now)(),
      at: (options.clock ?? Date.now)(),
      skewMs: null,
      site: 'school-01',
      siteKind: 'school',
      device: 'button-1',
      kind,
      id: (payload as { id?: string }).id ?? null,
      payload: bytes,
      ...more,
    }
    const seq = await new Promise<number>((resolve, reject) =>
      journal.append(publish, (error, outcome) => (outcome === undefined ? reject(error) : resolve(outcome.seq))),
    )
    recent.add(publish.site, { ...publish, seq })
    if (kind === 'alarm') desk.wake()
    return seq
  }
  desk.start()
  return {
    desk,
    database,
    due,
    quarantined,
    append,
    press: (device, id, data = {}) =>
      append('alarm', { id, data: { trigger: 'panic', state: 'raised', mode: 'actual', ...data } }, { device }),
    ahead: () => ahead,
    async passed(seq) {
      await until(async () => (await read.call('cursor', 'alarms')) >= seq, `the desk's cursor at ${seq}`)
    },
    settle: ({ id: deliveryId, endpoint, subject }, reply = {}) =>
      desk.settle({
        deliveryId,
        endpoint,
        subject,
        at: (options.clock ?? Date.now)(),
        status: 200,
        attempts: 1,
        reply,
      }),
    alarms: async () => (await read.call('alarms', { limit: 100, before: Number.MAX_SAFE_INTEGER })).items.reverse(),
    messages: () =>
      (select.all() as { endpoint: string; type: string; state: string; body: string }[]).map(({ body, ...rest }) => ({
        ...rest,
        message: JSON.parse(body) as WebhookMessage,
      })),
    stats: async () => (await read.call('stats', ['alarms'])).consumers.alarms as never,
    async close() {
      await desk.stop()
      outside.close()
      await database.close()
    },
  }
}
