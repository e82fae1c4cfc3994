import { expect, onTestFinished, test } from 'vitest'
import type { Alarm } from '../../schemas/alarm.ts'
import { openDesk, type TestDesk } from '../helpers/desk.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { until } from '../helpers/until.ts'

/** The desk against a clock that the test moves, on the real storage thread. Its tick is real: it looks every 250 ms. */
const start = Date.parse('2026-11-24T08:00:00.000Z')
const clockAt = () => {
  let now = start
  return {
    clock: () => now,
    moveTo(seconds: number) {
      now = start + seconds * 1000
    },
  }
}
const told = (level: number) => ['centre', 'district', 'ministry'].slice(0, level + 1)

async function open(clock: () => number, dir = temporaryDirectory()): Promise<TestDesk> {
  const desk = await openDesk(dir, { clock, told })
  onTestFinished(() => desk.close())
  return desk
}
const historyOf = async (desk: TestDesk) => {
  const [alarm] = await desk.alarms()
  return ((await desk.database.read.call('alarm', alarm?.id ?? '')) as Alarm).history
}
const escalations = async (desk: TestDesk) =>
  (await historyOf(desk)).filter(({ what }) => what === 'escalated').map(({ by }) => by)
const escalated = (desk: TestDesk, count: number) =>
  until(async () => (await escalations(desk)).length >= count, `${count} escalations`)
const messagesTo = (desk: TestDesk, endpoint: string) =>
  desk
    .messages()
    .filter(message => message.endpoint === endpoint)
    .map(({ type }) => type)
const by = '王'

test('each deadline that is missed escalates once, and tells the next level', async () => {
  const { clock, moveTo } = clockAt()
  const desk = await open(clock)
  await desk.passed(await desk.press('button-1', 'p1'))
  moveTo(5)
  await escalated(desk, 1)
  expect(messagesTo(desk, 'district')).toEqual(['alarm.escalated'])
  expect(messagesTo(desk, 'ministry')).toEqual([])
  moveTo(30)
  await escalated(desk, 2)
  moveTo(60)
  await escalated(desk, 3)
  moveTo(90)
  await escalated(desk, 4)
  // A later press comes after every tick that could have escalated again.
  moveTo(1000)
  await desk.passed(await desk.press('button-1', 'p2'))
  expect(await escalations(desk)).toEqual(['deliver', 'acknowledge', 'acknowledge-2', 'acknowledge-3'])
  expect(await desk.alarms()).toMatchObject([{ escalationLevel: 4, stage: 'raised', deadlines: {} }])
  expect(messagesTo(desk, 'centre').filter(type => type === 'alarm.escalated')).toHaveLength(4)
  expect(messagesTo(desk, 'ministry').filter(type => type === 'alarm.escalated')).toHaveLength(3)
})

test('what is done in time escalates nothing: dispatch counts from acknowledge, arrive from dispatch', async () => {
  const { clock, moveTo } = clockAt()
  const desk = await open(clock)
  await desk.passed(await desk.press('button-1', 'p1'))
  const [{ id }] = (await desk.alarms()) as [Alarm]
  await desk.settle((await until(() => desk.due[0], 'the delivery'))!)
  moveTo(29)
  await desk.desk.act(id, { name: 'acknowledge', by }, 'centre')
  expect((await desk.alarms())[0]?.deadlines).toEqual({ dispatch: '2026-11-24T08:01:29.000Z' })
  moveTo(88)
  await desk.desk.act(id, { name: 'dispatch', by, unit: '1号车' }, 'centre')
  expect((await desk.alarms())[0]?.deadlines).toEqual({ arrive: '2026-11-24T08:04:28.000Z' })
  moveTo(269)
  await escalated(desk, 1)
  expect(await escalations(desk)).toEqual(['arrive'])
  await desk.desk.act(id, { name: 'arrive', by }, 'centre')
  await desk.desk.act(id, { name: 'close', by, disposition: 'real' }, 'centre')
  expect(await desk.alarms()).toMatchObject([{ stage: 'closed', disposition: 'real', escalationLevel: 1 }])
  expect((await historyOf(desk)).map(({ what }) => what)).toEqual([
    'raised',
    'delivered',
    'acknowledged',
    'dispatched',
    'escalated',
    'arrived',
    'closed',
  ])
})

test('a deadline that fell due while the gateway was down is missed at its start, once', async () => {
  const { clock, moveTo } = clockAt()
  const dir = temporaryDirectory()
  const before = await openDesk(dir, { clock, told })
  await before.passed(await before.press('button-1', 'p1'))
  await before.close()
  moveTo(31)
  const desk = await openDesk(dir, { clock, told })
  await escalated(desk, 2)
  await desk.close()
  const again = await open(clock, dir)
  await again.passed(await again.press('button-1', 'p2'))
  expect(await escalations(again)).toEqual(['deliver', 'acknowledge'])
})

test('two people at once: one wins, the other is told who and what', async () => {
  const desk = await open(Date.now)
  await desk.passed(await desk.press('button-1', 'p1'))
  const [{ id }] = (await desk.alarms()) as [Alarm]
  const [one, other] = await Promise.all([
    desk.desk.act(id, { name: 'acknowledge', by: '王' }, 'centre'),
    desk.desk.act(id, { name: 'acknowledge', by: '李' }, 'centre'),
  ])
  expect(one).toMatchObject({ alarm: { stage: 'acknowledged' } })
  expect(other).toEqual({ refused: 'it is acknowledged', stage: 'acknowledged', by: '王' })
  expect((await historyOf(desk)).filter(({ what }) => what === 'acknowledged')).toHaveLength(1)
})

test('closing ends what still waits to be told of the alarm, but the closing', async () => {
  const desk = await open(Date.now)
  await desk.passed(await desk.press('button-1', 'p1'))
  const [{ id }] = (await desk.alarms()) as [Alarm]
  await desk.desk.act(id, { name: 'acknowledge', by }, 'centre')
  await desk.desk.act(id, { name: 'close', by, disposition: 'false' }, 'centre')
  expect(desk.messages().map(({ type, state }) => `${type} ${state}`)).toEqual([
    'alarm.raised cancelled',
    'alarm.acknowledged cancelled',
    'alarm.closed pending',
  ])
  // The device presses again: that is a new alarm.
  await desk.passed(await desk.press('button-1', 'p2'))
  expect((await desk.alarms()).map(({ stage }) => stage)).toEqual(['closed', 'raised'])
})

test('one call acts on all of a site’s alarms, and each tells of the others', async () => {
  const desk = await open(Date.now)
  await desk.press('button-1', 'p1')
  await desk.press('button-2', 'p2')
  await desk.passed(await desk.press('button-3', 'p3'))
  const results = await desk.desk.actOnSite('school-01', { name: 'acknowledge', by }, 'centre')
  expect(results.map(({ acted }) => 'alarm' in acted && acted.alarm.stage)).toEqual(Array(3).fill('acknowledged'))
  const last = desk.messages().findLast(({ type }) => type === 'alarm.raised')
  expect(last?.message.data.alarm?.neighbours.map(({ device }) => device)).toEqual(['button-1', 'button-2'])
})

test('a real press on a test alarm that was acknowledged is to be acknowledged anew: its deadlines begin with the press', async () => {
  const { clock, moveTo } = clockAt()
  const desk = await open(clock)
  await desk.passed(await desk.press('button-1', 'p1', { mode: 'test' }))
  const [{ id }] = (await desk.alarms()) as [Alarm]
  await desk.desk.act(id, { name: 'acknowledge', by }, 'centre')
  await desk.desk.act(id, { name: 'dispatch', by }, 'centre')
  await desk.desk.act(id, { name: 'arrive', by }, 'centre')
  expect(await desk.alarms()).toMatchObject([{ mode: 'test', stage: 'arrived', deadlines: {} }])
  moveTo(600)
  await desk.passed(await desk.press('button-1', 'p2'))
  expect(await desk.alarms()).toMatchObject([
    { mode: 'actual', stage: 'arrived', deadlines: { acknowledge: '2026-11-24T08:10:30.000Z' } },
  ])
  moveTo(630)
  await escalated(desk, 1)
  expect(messagesTo(desk, 'district')).toContain('alarm.escalated')
  await desk.desk.act(id, { name: 'close', by, disposition: 'real' }, 'centre')
  expect(await desk.alarms()).toMatchObject([{ stage: 'closed', deadlines: {} }])
})

test('a device that was moved opens an alarm at its new site beside the one at its old', async () => {
  const desk = await open(Date.now)
  await desk.press('button-1', 'p1')
  const payload = { id: 'p2', data: { trigger: 'panic', state: 'raised', mode: 'actual' } }
  await desk.passed(await desk.append('alarm', payload, { device: 'button-1', site: 'school-02' }))
  expect((await desk.alarms()).map(({ site, pressCount }) => [site.id, pressCount])).toEqual([
    ['school-01', 1],
    ['school-02', 1],
  ])
})
