import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { DueDelivery } from '../../gateway/alarms/delivery.ts'
import type { DeskChange, DeskStore } from '../../gateway/alarms/desk-store.ts'
import { type Step, step } from '../../gateway/alarms/life-cycle.ts'
import { OperationalError } from '../../gateway/errors.ts'
import { AppendQueue } from '../../gateway/sqlite/append-queue.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import { openDesk, type TestDesk } from '../helpers/desk.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { until } from '../helpers/until.ts'
import { accepted } from './journal-suite.ts'

/** The desk's promises on the real storage thread and a real file. */
async function start(options: Parameters<typeof openDesk>[1] = {}, dir = temporaryDirectory()): Promise<TestDesk> {
  const desk = await openDesk(dir, options)
  onTestFinished(() => desk.close())
  return desk
}
const typesOf = (desk: TestDesk, endpoint = 'centre') =>
  desk
    .messages()
    .filter(message => message.endpoint === endpoint)
    .map(({ type }) => type)
const historyOf = async (desk: TestDesk, id: string) =>
  ((await desk.database.read.call('alarm', id)) as Alarm).history.map(({ what, by }) => `${what} ${by ?? ''}`.trim())
const firstDue = (desk: TestDesk) => until(() => desk.due[0], 'a due delivery')

describe('an alarm event', () => {
  test('raises exactly one alarm, which each endpoint is told of', async () => {
    const desk = await start({ endpoints: ['centre', 'station'] })
    await desk.passed(await desk.press('button-1', 'p1'))
    const [alarm, ...more] = await desk.alarms()
    expect(more).toEqual([])
    expect(alarm).toMatchObject({ trigger: 'panic', stage: 'raised', pressCount: 1, device: { id: 'button-1' } })
    expect(desk.messages().map(({ endpoint, type, message }) => [endpoint, type, message.data.alarm])).toEqual([
      ['centre', 'alarm.raised', alarm],
      ['station', 'alarm.raised', alarm],
    ])
    expect(desk.due.map(({ endpoint, attempts }) => [endpoint, attempts])).toEqual([
      ['centre', 0],
      ['station', 0],
    ])
    expect(desk.desk.openAlarms()).toEqual([alarm])
  })

  test('that presses again adds to the open alarm and raises no second one', async () => {
    const desk = await start()
    await desk.press('button-1', 'p1')
    await desk.press('button-1', 'p2')
    await desk.passed(await desk.press('button-1', 'p3'))
    expect(await desk.alarms()).toMatchObject([{ pressCount: 3, stage: 'raised' }])
    expect(typesOf(desk)).toEqual(['alarm.raised', 'alarm.pressed', 'alarm.pressed'])
    expect(desk.messages().map(({ message }) => message.data.alarm?.pressCount)).toEqual([1, 2, 3])
  })

  test('of coming back to rest is an attribute and closes nothing', async () => {
    const desk = await start()
    await desk.press('button-1', 'p1')
    await desk.passed(await desk.press('button-1', 'r1', { state: 'restored' }))
    expect(await desk.alarms()).toMatchObject([{ stage: 'raised', pressCount: 1, restoredAt: expect.any(String) }])
    expect(typesOf(desk)).toEqual(['alarm.raised', 'alarm.restored'])
  })

  test('of coming back to rest with nothing open raises nothing', async () => {
    const desk = await start()
    await desk.passed(await desk.press('button-1', 'r1', { state: 'restored' }))
    expect(await desk.alarms()).toEqual([])
    expect(desk.messages()).toEqual([])
    expect(await desk.stats()).toEqual({ done: 1, pending: 0, quarantined: 0 })
  })

  test('of another trigger or another device opens an alarm of its own', async () => {
    const desk = await start()
    await desk.press('button-1', 'p1')
    await desk.press('button-1', 't1', { trigger: 'tamper' })
    await desk.press('button-2', 'p1')
    await desk.passed(await desk.press('button-1', 't2', { trigger: 'tamper' }))
    const alarms = await desk.alarms()
    expect(alarms.map(({ device, trigger, pressCount }) => [device.id, trigger, pressCount])).toEqual([
      ['button-1', 'panic', 1],
      ['button-1', 'tamper', 2],
      ['button-2', 'panic', 1],
    ])
  })

  test('that is real makes an alarm of a test actual', async () => {
    const desk = await start()
    await desk.passed(await desk.press('button-1', 'p1', { mode: 'test' }))
    expect(await desk.alarms()).toMatchObject([{ mode: 'test' }])
    await desk.passed(await desk.press('button-1', 'p2'))
    expect(await desk.alarms()).toMatchObject([{ mode: 'actual', pressCount: 2 }])
  })

  test('has what happened at its site before as its context', async () => {
    const desk = await start()
    const access = { id: 'a1', data: { door: '东门', direction: 'in', method: 'card', result: 'granted' } }
    await desk.append('access', access, { device: 'gate-1' })
    await desk.append('access', { ...access, id: 'a2' }, { device: 'gate-9', site: 'elsewhere' })
    await desk.passed(await desk.press('button-1', 'p1'))
    expect(await desk.alarms()).toMatchObject([
      { context: { recent: [{ seq: 1, device: 'gate-1', kind: 'access', summary: { door: '东门' } }] } },
    ])
  })
})

describe('what an endpoint answers', () => {
  test('2xx makes the alarm delivered, once per endpoint', async () => {
    const desk = await start({ endpoints: ['centre', 'station'] })
    await desk.press('button-1', 'p1')
    const { subject } = await firstDue(desk)
    await Promise.all(desk.due.map(delivery => desk.settle(delivery)))
    await desk.passed(await desk.press('button-1', 'p2'))
    await Promise.all(desk.due.slice(2).map(delivery => desk.settle(delivery)))
    expect(await historyOf(desk, subject)).toEqual([
      'raised button-1',
      'delivered centre',
      'delivered station',
      'pressed',
    ])
    expect(await desk.alarms()).toMatchObject([{ stage: 'delivered' }])
    expect(desk.messages().map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered', 'delivered'])
  })

  test('acknowledged takes the alarm over and is told to the others, not to who said it', async () => {
    const desk = await start({ endpoints: ['centre', 'station'] })
    await desk.press('button-1', 'p1')
    const centre = await firstDue(desk)
    await desk.settle(centre, { incidentNo: '2025-0901-17', acknowledged: true })
    expect(await desk.alarms()).toMatchObject([{ stage: 'acknowledged', incidentNo: '2025-0901-17' }])
    expect(typesOf(desk, 'centre')).toEqual(['alarm.raised'])
    expect(typesOf(desk, 'station')).toEqual(['alarm.raised', 'alarm.acknowledged'])
    expect(await historyOf(desk, centre.subject)).toEqual([
      'raised button-1',
      'delivered centre',
      'acknowledged centre',
    ])
    // The other endpoint took it over too, too late: its delivery counts and changes nothing.
    await desk.settle(desk.due[1] as DueDelivery, { acknowledged: true, incidentNo: 'other' })
    expect(typesOf(desk, 'centre')).toEqual(['alarm.raised'])
    expect(await desk.alarms()).toMatchObject([{ stage: 'acknowledged', incidentNo: '2025-0901-17' }])
  })

  test('acknowledged by the only endpoint leaves no message without a receiver', async () => {
    const desk = await start()
    await desk.press('button-1', 'p1')
    await desk.settle(await firstDue(desk), { acknowledged: true })
    expect(await desk.alarms()).toMatchObject([{ stage: 'acknowledged' }])
    expect(typesOf(desk)).toEqual(['alarm.raised'])
  })

  test('brings the number of the incident also with a later message', async () => {
    const desk = await start()
    await desk.press('button-1', 'p1')
    await desk.settle(await firstDue(desk))
    await desk.passed(await desk.press('button-1', 'p2'))
    await desk.settle(desk.due[1] as DueDelivery, { incidentNo: 'I-9' })
    expect(await desk.alarms()).toMatchObject([{ incidentNo: 'I-9', stage: 'delivered' }])
  })

  test('about an alarm that is closed or that nobody knows does no harm', async () => {
    const dir = temporaryDirectory()
    const before = await openDesk(dir)
    await before.press('button-1', 'p1')
    const delivery = await firstDue(before)
    const alarm = (await before.alarms())[0] as Alarm
    await before.close()
    const database = await openDesk(dir).then(async other => {
      await other.desk.stop()
      return other
    })
    await database.database.write.call('commitDesk', closing(alarm))
    await database.close()

    const desk = await start({}, dir)
    expect(desk.desk.openAlarms()).toEqual([])
    await desk.settle(delivery, { acknowledged: true, incidentNo: 'late' })
    await desk.settle({ ...delivery, id: 999, subject: 'nobody-knows' }, { acknowledged: true })
    expect(await desk.alarms()).toMatchObject([{ stage: 'closed', incidentNo: null }])
    expect(desk.messages()).toMatchObject([{ type: 'alarm.raised', state: 'delivered' }])
    // The alarm is closed: the next press is a new one.
    await desk.passed(await desk.press('button-1', 'p2'))
    expect(await desk.alarms()).toMatchObject([{ stage: 'closed' }, { stage: 'raised', pressCount: 1 }])
  })
})

function closing(alarm: Alarm) {
  const steps = [
    { from: 'person', what: 'acknowledged', at: Date.now(), by: 'x' },
    { from: 'person', what: 'closed', at: Date.now(), by: 'x', disposition: 'false' },
  ] as const
  const lines: { alarm: string; line: Alarm['history'][number] }[] = []
  let last = alarm
  for (const one of steps) {
    const taken = step(last, one) as Step
    lines.push({ alarm: alarm.id, line: taken.line })
    last = taken.alarm
  }
  return {
    openings: [] as Alarm[],
    alarms: [last],
    lines,
    messages: [],
    settled: [],
    responses: [],
    receipts: [],
    audit: [],
    progress: null,
  }
}

test('one turn may close an alarm and open the next of the same button', async () => {
  const desk = await start()
  await desk.passed(await desk.press('button-1', 'p1'))
  const alarm = (await desk.alarms())[0] as Alarm
  await desk.desk.stop()
  const next = { ...alarm, id: 'the-next' }
  await desk.database.write.call('commitDesk', { ...closing(alarm), openings: [next] })
  expect((await desk.alarms()).map(({ id, stage }) => [id, stage])).toEqual([
    [alarm.id, 'closed'],
    ['the-next', 'raised'],
  ])
})

describe('a commit that fails', () => {
  /** Fails while `failing` says so, before or after nothing was done: what the thread rejects was rolled back. */
  const failingWith = (failing: (change: Parameters<DeskStore<DueDelivery>['commit']>[0]) => Error | undefined) => ({
    around: (store: DeskStore<DueDelivery>): DeskStore<DueDelivery> => ({
      ...store,
      commit: async change => {
        const error = failing(change)
        if (error !== undefined) throw error
        return await store.commit(change)
      },
    }),
  })
  const diskFull = new OperationalError('sqlite-13', 'database or disk is full', { retryable: true })
  const refused = new OperationalError('sqlite-19', 'constraint failed', { retryable: false })
  const opens = (device: string) => (change: { openings: Alarm[] }) =>
    change.openings.some(alarm => alarm.device.id === device)

  test('loses and doubles nothing: events and outcomes wait for it', async () => {
    let left = 0
    const desk = await start(failingWith(() => (left-- > 0 ? diskFull : undefined)))
    await desk.press('button-1', 'p1')
    const delivery = await firstDue(desk)
    left = 2
    const settled = desk.settle(delivery, { incidentNo: 'I-1' })
    await desk.press('button-2', 'p1')
    await desk.passed(await desk.press('button-1', 'p2'))
    await settled
    expect(left).toBeLessThan(0)
    expect(await desk.alarms()).toMatchObject([
      { device: { id: 'button-1' }, pressCount: 2, stage: 'delivered', incidentNo: 'I-1' },
      { device: { id: 'button-2' }, pressCount: 1 },
    ])
    expect(desk.messages().map(({ type, state }) => [type, state])).toEqual([
      ['alarm.raised', 'delivered'],
      ['alarm.raised', 'pending'],
      ['alarm.pressed', 'pending'],
    ])
    expect(await historyOf(desk, delivery.subject)).toEqual(['raised button-1', 'delivered centre', 'pressed'])
    expect(await desk.stats()).toEqual({ done: 3, pending: 0, quarantined: 0 })
  })

  test('does not keep the desk from stopping', async () => {
    const desk = await start(failingWith(() => diskFull))
    await desk.press('button-1', 'p1')
    void desk.settle({ id: 1, endpoint: 'centre', subject: 'x' } as DueDelivery)
    await desk.desk.stop()
    expect(await desk.alarms()).toEqual([])
  })

  test('for good because of one entry: it is quarantined and the others become alarms', async () => {
    const poisoned = opens('button-3')
    const desk = await start(failingWith(change => (poisoned(change) ? refused : undefined)))
    await desk.press('button-1', 'p1')
    const poison = await desk.press('button-3', 'p1')
    await desk.passed(await desk.press('button-4', 'p1'))
    expect((await desk.alarms()).map(({ device }) => device.id)).toEqual(['button-1', 'button-4'])
    expect(desk.quarantined).toEqual([{ seq: poison, reason: 'constraint failed' }])
    expect(await desk.stats()).toEqual({ done: 2, pending: 0, quarantined: 1 })
  })

  test('whatever it is given condemns no entry: a sick disk that gets well costs no alarm', async () => {
    let sick = true
    let failures = 0
    const desk = await start(
      failingWith(({ openings }) => {
        if (!sick) return undefined
        if (openings.length > 0 && ++failures === 3) setTimeout(() => (sick = false), 100)
        return refused
      }),
    )
    await desk.passed(await desk.press('button-1', 'p1'))
    expect(failures).toBeGreaterThanOrEqual(3)
    expect((await desk.alarms()).map(({ device }) => device.id)).toEqual(['button-1'])
    expect(desk.quarantined).toEqual([])
  })
})

test('an entry that cannot be read is quarantined, told by its number, and later alarms go on', async () => {
  const dir = temporaryDirectory()
  const desk = await start({}, dir)
  await desk.passed(await desk.press('button-1', 'p1'))
  const outside = new DatabaseSync(join(dir, 'journal.sqlite'), { timeout: 5000 })
  onTestFinished(() => outside.close())
  const insert = outside.prepare(
    `INSERT INTO entry (seq, received_ms, at_ms, site, device, kind, id, payload)
     SELECT ?1, received_ms, at_ms, site, device, kind, ?2, CAST(?3 AS BLOB) FROM entry WHERE seq = 1`,
  )
  insert.run(2, 'broken', '{"id":"broken","data":{"note":"王某')
  insert.run(3, 'wrong', '{"id":"wrong","data":{"trigger":"flood","state":"raised","mode":"actual"}}')
  insert.run(4, 'p4', '{"id":"p4","data":{"trigger":"panic","state":"raised","mode":"actual"}}')
  desk.desk.wake()
  await desk.passed(4)
  expect(await desk.alarms()).toMatchObject([{ pressCount: 2 }])
  expect(desk.quarantined.map(({ seq }) => seq)).toEqual([2, 3])
  expect(desk.quarantined[0]?.reason).toBe('its payload is not JSON')
  expect(JSON.stringify(desk.quarantined)).not.toContain('王某')
  expect(await desk.stats()).toEqual({ done: 2, pending: 0, quarantined: 2 })
})

test('after a restart the desk goes on from disk: what was open is open, and nothing is raised twice', async () => {
  const dir = temporaryDirectory()
  const before = await openDesk(dir)
  await before.press('button-1', 'p1')
  await before.settle(await firstDue(before))
  await before.passed(await before.press('button-2', 'p1'))
  const opened = before.desk.openAlarms()
  await before.desk.stop()
  // Came after the desk stopped, as at a kill: on disk, and no alarm yet.
  await before.press('button-1', 'p2')
  const last = await before.press('button-3', 'p1')
  await before.close()

  const desk = await start({}, dir)
  expect(desk.desk.openAlarms().map(({ id }) => id)).toEqual(opened.map(({ id }) => id))
  await desk.passed(last)
  const alarms = await desk.alarms()
  expect(alarms.map(({ id, device, pressCount, stage }) => [id, device.id, pressCount, stage])).toEqual([
    [opened[0]?.id, 'button-1', 2, 'delivered'],
    [opened[1]?.id, 'button-2', 1, 'raised'],
    [expect.any(String), 'button-3', 1, 'raised'],
  ])
  expect(typesOf(desk)).toEqual(['alarm.raised', 'alarm.raised', 'alarm.pressed', 'alarm.raised'])
  expect(await historyOf(desk, opened[0]?.id as string)).toEqual(['raised button-1', 'delivered centre', 'pressed'])
})

test('the cursor passes over what is not for the desk without being woken', async () => {
  const desk = await start()
  const access = { id: 'a1', data: { door: 'd', direction: 'in', method: 'card', result: 'granted' } }
  await desk.append('heartbeat', {}, { id: null })
  const last = await desk.append('access', access, { device: 'gate-1' })
  await desk.passed(last)
  expect(await desk.stats()).toEqual({ done: 2, pending: 0, quarantined: 0 })
  expect(await desk.alarms()).toEqual([])
})

describe('alarm events that are decided on while they are on their way to the disk', () => {
  const waiting = async (desk: TestDesk) => await desk.passed(await desk.append('access', { id: 'a', data: {} }))

  test('are on disk with what was decided, by one commit: the desk makes none of its own', async () => {
    let commits = 0
    const around = (store: DeskStore<DueDelivery>) => ({
      ...store,
      commit: (change: DeskChange) => {
        if (change.lines.length > 0) commits++
        return store.commit(change)
      },
    })
    const desk = await start({ followsAhead: true, around })
    await waiting(desk)
    const seq = await desk.press('button-1', 'p1')
    await desk.passed(seq)
    expect([desk.ahead(), commits]).toEqual([1, 0])
    expect(await desk.alarms()).toMatchObject([{ device: { id: 'button-1' }, pressCount: 1 }])
    expect(desk.due.map(({ type }) => type)).toEqual(['alarm.raised'])
    await until(() => desk.desk.openAlarms().length === 1, 'the alarm')
    expect(await desk.stats()).toEqual({ done: 2, pending: 0, quarantined: 0 })
  })

  test('raise nothing where they were known: nothing of what was decided is written', async () => {
    const desk = await start({ followsAhead: true })
    const first = await desk.press('button-1', 'p1')
    await desk.passed(first)
    expect(await desk.press('button-1', 'p1')).toBe(first)
    await desk.passed(await desk.press('button-2', 'p1'))
    expect((await desk.alarms()).map(({ device, pressCount }) => [device.id, pressCount])).toEqual([
      ['button-1', 1],
      ['button-2', 1],
    ])
    await until(() => desk.desk.openAlarms().length === 2, 'both alarms')
  })

  test('are left to the next turn where others are new that nobody has decided on', async () => {
    const desk = await start({ followsAhead: true })
    await waiting(desk)
    const other = new AppendQueue(desk.database.write)
    const payload = Buffer.from(JSON.stringify({ id: 'p0', data: { trigger: 'panic', state: 'raised', mode: 'test' } }))
    const untold = accepted('p0', { kind: 'alarm', device: 'button-1', payload })
    await new Promise(stored => other.append(untold, stored))
    await desk.passed(await desk.press('button-9', 'p1'))
    expect((await desk.alarms()).map(({ device }) => device.id).sort()).toEqual(['button-1', 'button-9'])
  })

  test('are not lost where what was decided can not be written', async () => {
    const desk = await start({ followsAhead: true })
    await waiting(desk)
    const { write } = desk.database
    const call = write.call.bind(write)
    let failures = 0
    write.call = ((name: string, argument: never, transfer: never) => {
      if (name !== 'followAppended' || failures++ > 0) return call(name as 'append', argument, transfer)
      return Promise.reject(new Error('lost'))
    }) as typeof write.call
    await desk.passed(await desk.press('button-1', 'p1'))
    await until(() => desk.desk.openAlarms().length === 1, 'the alarm')
    expect([failures, desk.ahead()]).toEqual([1, 0])
    await desk.passed(await desk.press('button-1', 'p2'))
    expect(await desk.alarms()).toMatchObject([{ pressCount: 2 }])
  })
})
