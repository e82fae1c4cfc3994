import { performance } from 'node:perf_hooks'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../gateway/clock.ts'
import { concurrentBatches, createInfluxWriter, type InfluxWriter } from '../../gateway/influx/writer.ts'
import { type Consumer, type ConsumerOptions, startConsumer } from '../../gateway/journal/consumer.ts'
import { createMasking } from '../../gateway/journal/versions.ts'
import { silentLog } from '../../gateway/log.ts'
import { type Fault, type FaultProxy, startFaultProxy } from '../helpers/fault-proxy.ts'
import { entry, face, faces, memorySource } from '../helpers/influx-entries.ts'
import { type Influxd, startInfluxd } from '../helpers/influxd.ts'

/** Contract 4 and design 6, against a real InfluxDB 1.x: every entry is one point, whatever happens on the way. */
let influxd: Influxd
let proxy: FaultProxy
let database: string
const running: { consumer: Consumer; writer: InfluxWriter }[] = []

beforeAll(async () => {
  influxd = await startInfluxd()
  proxy = await startFaultProxy(influxd.url)
}, 30_000)
afterAll(async () => {
  await proxy?.close()
  await influxd?.remove()
})
beforeEach(() => {
  database = influxd.newDatabase()
  proxy.set({ kind: 'pass' })
})
afterEach(async () => {
  for (const { consumer, writer } of running.splice(0)) {
    await consumer.stop()
    writer.close()
  }
})

type Memory = ReturnType<typeof memorySource>
const masking = createMasking([{ version: 1, fromSeq: 1, key: Buffer.from('a key for tests') }])
const newWriter = (timeoutMs = 400) =>
  createInfluxWriter({
    settings: { url: proxy.url, database, timeoutMs },
    masking,
    log: silentLog,
    suspects: { tries: 5, everyMs: 100 },
  })

function start(memory: Memory, more: Partial<ConsumerOptions> = {}): Consumer {
  const writer = newWriter()
  const consumer = startConsumer({
    name: 'influx',
    source: memory.source,
    take: writer.take,
    batchSize: 100,
    concurrency: concurrentBatches,
    retry: { firstMs: 20, lastMs: 100, poisonTries: 3 },
    log: silentLog,
    clock: systemClock,
    ...more,
  })
  running.push({ consumer, writer })
  return consumer
}

const until = (condition: () => boolean | Promise<boolean>, what: string, timeoutMs = 8000) =>
  expect.poll(condition, { timeout: timeoutMs, interval: 20, message: what }).toBe(true)
const passed = (memory: Memory) => until(() => memory.cursor() === memory.entries.at(-1)?.seq, 'the cursor at the end')
const rows = async (measurement: string) => [
  ...(await influxd.client(database).query<Record<string, unknown>>(`select * from "${measurement}"`)),
]

/** All ids of the measurement, to find what is missing or doubled by name. */
async function expectAllOnce(memory: Memory, missing: number[] = []) {
  const ids = (await rows('face')).map(({ id }) => id)
  const expected = memory.entries.filter(({ seq }) => !missing.includes(seq)).map(({ id }) => id)
  expect(ids.length).toBe(new Set(ids).size)
  expect(ids.toSorted()).toEqual(expected.toSorted())
}

describe('points in InfluxDB', () => {
  test('1,000 events of one device in the same millisecond are 1,000 points, written again too', async () => {
    const memory = memorySource(faces(1000))
    start(memory)
    await passed(memory)
    await expectAllOnce(memory)
    const again = memorySource(memory.entries)
    start(again, { batchSize: 333 })
    await passed(again)
    await expectAllOnce(memory)
    expect(memory.passed()).toBe(1000)
  })

  test('fields have the types of contract 4', async () => {
    const memory = memorySource([
      entry(1, 'telemetry', { metrics: { temperature: 21, seq: 1e21, id: -1.5e-7, metric_id: 3 } }, { skewMs: -7 }),
      face(2),
    ])
    start(memory)
    await passed(memory)
    const types = async (measurement: string) =>
      Object.fromEntries(
        (
          await influxd
            .client(database)
            .query<{ fieldKey: string; fieldType: string }>(`show field keys from "${measurement}"`)
        ).map(({ fieldKey, fieldType }) => [fieldKey, fieldType]),
      )
    const own = { id: 'string', seq: 'integer', count: 'integer', lagMs: 'integer' }
    expect(await types('telemetry')).toEqual({
      ...own,
      clockSkewMs: 'integer',
      temperature: 'float',
      metric_seq: 'float',
      metric_id: 'float',
      metric_metric_id: 'float',
    })
    expect(await types('face')).toEqual({
      ...own,
      score: 'float',
      personKey: 'string',
      personRole: 'string',
      keyVersion: 'integer',
    })
    expect(await rows('telemetry')).toMatchObject([{ metric_seq: 1e21, metric_id: -1.5e-7, metric_metric_id: 3 }])
  })

  test.each([
    ['a\\', 'a＼'],
    ['a\\,b', 'a＼,b'],
    ["it\\'s", "it＼'s"],
    ['a,b=c d', 'a,b=c d'],
    ['"门"', '"门"'],
    [' 东门 1 ', ' 东门 1 '],
    ['🚪👨‍👩‍👧', '🚪👨‍👩‍👧'],
    ['#', '#'],
    ['a\nface,site=x count=1i', 'a_face,site=x count=1i'],
  ])('a door named %j is the tag %j', async (door, tag) => {
    const memory = memorySource([
      entry(1, 'access', { door, direction: 'in', method: 'card', result: 'granted' }),
      entry(2, 'access', { door: 'other', direction: 'in', method: 'card', result: 'granted' }),
    ])
    start(memory)
    await passed(memory)
    expect((await rows('access')).map(row => row.door)).toEqual([tag, 'other'])
    expect(await rows('face')).toEqual([])
  })

  test.each(['say "hi"', 'back\\slash\\', 'two\nlines', '\\"', '门, a=b '])(
    'the string field %j comes back as it was',
    async role => {
      const memory = memorySource([entry(1, 'face', { match: 'known', person: { ref: 'r', role } }), face(2)])
      start(memory)
      await passed(memory)
      expect((await rows('face')).map(row => row.personRole)).toEqual([role, 'student'])
    },
  )

  test('status has no point and counts as done', async () => {
    const memory = memorySource([entry(1, 'status', { status: 'online', boot: 1 })])
    start(memory)
    await passed(memory)
    expect(memory.passed()).toBe(1)
    expect(await influxd.countPoints(database)).toBe(0)
  })
})

describe('faults on the way', () => {
  const answers: [string, Fault][] = [
    ...[500, 503, 401, 403, 404, 429].map((status): [string, Fault] => [
      `${status} with a JSON body`,
      { kind: 'answer', status, body: JSON.stringify({ error: 'out of order' }) },
    ]),
    ['400 of a proxy that is not InfluxDB', { kind: 'answer', status: 400, body: '<h1>Bad Request</h1>' }],
    ['502 with an empty body', { kind: 'answer', status: 502 }],
    ['no answer at all', { kind: 'hang' }],
    ['a closed connection in the middle of the request', { kind: 'cut-request' }],
    ['a closed connection before the answer', { kind: 'cut-before-answer' }],
    ['a 200 cut in the middle of the answer', { kind: 'cut-answer', status: 200 }],
    ['a 400 cut in the middle of the answer', { kind: 'cut-answer', status: 400 }],
    ['a 500 cut in the middle of the answer', { kind: 'cut-answer', status: 500 }],
    ['a 200 whose answer stops', { kind: 'stall-answer', status: 200 }],
    ['a 400 whose answer stops', { kind: 'stall-answer', status: 400 }],
  ]
  test.each(answers)('%s: nothing lost, nothing doubled, and the writer recovers', async (_, fault) => {
    const memory = memorySource(faces(1000))
    proxy.set(fault)
    const consumer = start(memory)
    await until(() => proxy.met() >= 3, 'three requests that met the fault')
    await until(() => consumer.state().lastError !== undefined, 'an error in the state')
    expect(memory.cursor()).toBe(0)
    proxy.set({ kind: 'pass' })
    await passed(memory)
    await expectAllOnce(memory)
    expect(memory.quarantined).toEqual([])
    await until(() => consumer.state().lastError === undefined, 'no error in the state')
  })

  test('faults in the middle of the stream, one after another', async () => {
    const memory = memorySource(faces(5000))
    const consumer = start(memory)
    for (const [, fault] of answers) {
      memory.entries.push(...faces(500, (memory.entries.at(-1)?.seq ?? 0) + 1))
      consumer.wake()
      proxy.set(fault, 2)
      await passed(memory)
    }
    await expectAllOnce(memory)
    expect(memory.passed()).toBe(memory.entries.length)
    expect(memory.quarantined).toEqual([])
  }, 20_000)

  test('refused connections', async () => {
    const memory = memorySource(faces(500))
    await proxy.refuse()
    const consumer = start(memory)
    await until(() => consumer.state().lastError?.code === 'influx.unreachable', 'unreachable')
    expect(consumer.state().waitingSinceMs).toBeLessThanOrEqual(Date.now())
    await proxy.listen()
    await passed(memory)
    await expectAllOnce(memory)
  })

  test('a slow InfluxDB is no fault', async () => {
    const memory = memorySource(faces(500))
    proxy.set({ kind: 'delay', ms: 100 })
    const consumer = start(memory)
    await passed(memory)
    expect(consumer.state().lastError).toBeUndefined()
    await expectAllOnce(memory)
  })

  test('half of a batch written and "partial write" answered, for a while: every point gets there', async () => {
    const memory = memorySource(faces(400))
    start(memory)
    proxy.set({ kind: 'half' }, 20)
    await passed(memory)
    expect(proxy.met()).toBe(20)
    await expectAllOnce(memory)
    expect(memory.quarantined).toEqual([])
  })

  test('a real-looking 400 for every batch, for a while: no valid point is given up', async () => {
    const memory = memorySource(faces(50))
    start(memory, { batchSize: 10 })
    proxy.set({ kind: 'answer', status: 400, body: '{"error":"partial write: field type conflict: x dropped=1"}' })
    await until(() => proxy.met() > 120, 'refused down to single points, and again')
    proxy.set({ kind: 'pass' })
    await passed(memory)
    await expectAllOnce(memory)
    expect(memory.quarantined).toEqual([])
  })

  test('a stopped InfluxDB that comes back', async context => {
    if (!influxd.ownProcess) return context.skip()
    const memory = memorySource(faces(300))
    const consumer = start(memory)
    await passed(memory)
    await influxd.stop()
    memory.entries.push(...faces(300, 301))
    consumer.wake()
    await until(() => consumer.state().lastError !== undefined, 'the outage seen')
    await influxd.start()
    await passed(memory)
    await expectAllOnce(memory)
  }, 30_000)

  test('a database that is dropped while running is made again', async () => {
    const memory = memorySource(faces(100))
    const consumer = start(memory)
    await passed(memory)
    await influxd.client(database).dropDatabase(database)
    memory.entries.push(...faces(100, 101))
    consumer.wake()
    await passed(memory)
    expect(await influxd.countPoints(database)).toBe(100)
  })
})

describe('a point that InfluxDB will never take', () => {
  /** `level` is a string from now on. InfluxDB holds types per shard, so the time has to be near. */
  async function poison() {
    const client = influxd.client(database)
    await client.createDatabase(database)
    await client.writePoints([
      { measurement: 'telemetry', fields: { level: 'a string' }, timestamp: `${face(0).at}999999` },
    ])
  }
  const bad = (seq: number) => entry(seq, 'telemetry', { metrics: { level: 1.5 } })

  test("is quarantined with InfluxDB's reason, and all others are there", async () => {
    await poison()
    const memory = memorySource([...faces(700), bad(701), ...faces(698, 702), bad(1400), bad(1401), ...faces(99, 1402)])
    start(memory)
    await passed(memory)
    expect(memory.quarantined.map(({ seq }) => seq)).toEqual([701, 1400, 1401])
    expect(memory.quarantined[0]?.reason).toBe(
      'partial write: field type conflict: input field "level" on measurement "telemetry" is type float, already exists as type string',
    )
    const kept = { ...memory, entries: memory.entries.filter(({ kind }) => kind === 'face') }
    await expectAllOnce(kept)
    expect(memory.passed()).toBe(1500)
  })

  test('holds up nobody while it is tried again, and the cursor waits before it', async () => {
    await poison()
    const memory = memorySource([bad(1), ...faces(2000, 2)])
    const writer = createInfluxWriter({
      settings: { url: proxy.url, database, timeoutMs: 400 },
      masking,
      log: silentLog,
      suspects: { tries: 5, everyMs: 400 },
    })
    const consumer = start(memory, { take: writer.take })
    await until(async () => (await rows('face')).length === 2000, 'all the others')
    expect(memory.cursor()).toBe(0)
    expect(consumer.state().unsettled).toBe(2001)
    await passed(memory)
    expect(memory.quarantined.map(({ seq }) => seq)).toEqual([1])
    writer.close()
  })

  test('keeps the cursor before it over a restart', async () => {
    await poison()
    const memory = memorySource([...faces(10), bad(11), ...faces(10, 12)])
    const first = start(memory, { batchSize: 5 })
    await until(async () => (await rows('face')).length === 20, 'all the others')
    await first.stop()
    expect(memory.cursor()).toBe(10)
    start(memory, { batchSize: 5 })
    await passed(memory)
    expect(memory.quarantined.map(({ seq }) => seq)).toEqual([11])
    expect(memory.passed()).toBe(21)
  })
})

test('a consumer that starts again at the cursor in the middle doubles nothing', async () => {
  const memory = memorySource(faces(20_000))
  for (let round = 0; round < 5; round += 1) {
    const consumer = start(memory, { stopTimeoutMs: round % 2 === 0 ? 0 : 5000 })
    const before = memory.cursor()
    await until(() => memory.cursor() > before, 'some progress')
    await consumer.stop()
  }
  start(memory)
  await passed(memory)
  await expectAllOnce(memory)
})

test('a payload that makes the writer throw is quarantined without a word of it', async () => {
  const memory = memorySource([...faces(100), face(101, { payload: '{"plate":"晋A12345"' }), ...faces(100, 102)])
  start(memory)
  await passed(memory)
  expect(memory.quarantined).toEqual([{ seq: 101, reason: 'the payload in the journal is not JSON' }])
  await expectAllOnce(memory, [101])
})

test('the password is sent, and in no error', async () => {
  proxy.set({ kind: 'answer', status: 401, body: '{"error":"authorization failed"}' })
  const writer = createInfluxWriter({
    settings: { url: proxy.url.replace('//', '//u:hunter2@'), database, timeoutMs: 400 },
    masking,
    log: silentLog,
  })
  const error = await writer.take(faces(1)).catch(caught => caught)
  expect(error).toMatchObject({ code: 'influx.unauthorized', retryable: true })
  expect(JSON.stringify([error.message, error.cause])).not.toContain('hunter2')
  writer.close()
})

test('drain rate (printed, not judged)', async () => {
  const memory = memorySource(faces(30_000))
  const started = performance.now()
  start(memory, { batchSize: 2000, take: newWriter(10_000).take })
  await passed(memory)
  const perSecond = Math.round(30_000 / ((performance.now() - started) / 1000))
  console.log(`drained 30,000 entries into InfluxDB at ${perSecond} points/s`)
  expect(await influxd.countPoints(database)).toBe(30_000)
})
