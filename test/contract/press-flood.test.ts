import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { DueDelivery } from '../../gateway/alarms/delivery.ts'
import type { DeskStore } from '../../gateway/alarms/desk-store.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import { openDesk, type TestDesk } from '../helpers/desk.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { until } from '../helpers/until.ts'

/** What somebody who presses on and on, or a disk that hangs, may cost: bounded, and no press is forgotten. */
async function start(options: Parameters<typeof openDesk>[1] = {}) {
  const dir = temporaryDirectory()
  const desk = await openDesk(dir, options)
  onTestFinished(() => desk.close())
  return { desk, file: join(dir, 'journal.sqlite') }
}
const typesOf = (desk: TestDesk) => desk.messages().map(({ type }) => type)
const count = (desk: TestDesk, type: string) => typesOf(desk).filter(other => other === type).length
async function press(desk: TestDesk, times: number, from = 0, data = {}): Promise<void> {
  const seqs = await Promise.all(Array.from({ length: times }, (_, n) => desk.press('button-1', `p-${from + n}`, data)))
  await desk.passed(Math.max(...seqs))
}

test('while an endpoint takes nothing, the presses beyond twenty wait as one message with the newest count', async () => {
  const { desk, file } = await start()
  await press(desk, 20)
  expect(count(desk, 'alarm.pressed')).toBe(19)
  await press(desk, 100, 20)
  expect(typesOf(desk)[0]).toBe('alarm.raised')
  expect(count(desk, 'alarm.pressed')).toBe(1)
  expect(desk.messages().at(-1)?.message.data.alarm?.pressCount).toBe(120)
  expect((await desk.alarms())[0]?.pressCount).toBe(120)
  const outside = new DatabaseSync(file, { readOnly: true })
  expect(outside.prepare('SELECT count(*) AS n FROM message').get()).toEqual({ n: 2 })
  outside.close()
})

test('what is gathered is told within its second however long the flood goes on, in line behind what came before', async () => {
  let now = Date.parse('2026-11-24T08:00:00Z')
  const { desk } = await start({ clock: () => now })
  const due = async () =>
    (await desk.database.read.call('due', { endpoints: ['centre'], now, latest: now + 120_000, limit: 10 })).due
  await press(desk, 30)
  for (const delivery of await due()) await desk.settle(delivery)
  const asked: string[] = []
  for (let step = 0; step < 12; step++) {
    now += 100
    await press(desk, 1, 100 + step)
    for (const delivery of await due()) {
      asked.push(delivery.type)
      await desk.settle(delivery)
    }
  }
  expect(asked).toContain('alarm.pressed')
  expect(asked.length).toBeLessThan(4)
})

test('coming to rest is gathered by itself, and a press that turns a test into a real alarm is told at once', async () => {
  const { desk } = await start()
  await press(desk, 30, 0, { mode: 'test' })
  await press(desk, 5, 30, { mode: 'test', state: 'restored' })
  expect(count(desk, 'alarm.restored')).toBe(1)
  await press(desk, 1, 50)
  await press(desk, 10, 51)
  const pressed = desk.messages().filter(({ type }) => type === 'alarm.pressed')
  expect(pressed.map(({ message }) => message.data.alarm?.mode)).toContain('actual')
  expect(pressed.length).toBeLessThan(4)
})

test('of a thousand presses the history keeps what people did', async () => {
  const { desk } = await start()
  await press(desk, 450)
  const [alarm] = await desk.alarms()
  const by = '王'
  await desk.desk.act(alarm?.id ?? '', { name: 'acknowledge', by }, 'tests')
  const { history } = (await desk.database.read.call('alarm', alarm?.id ?? '')) as Alarm
  expect(history.length).toBe(401)
  expect(history.at(-1)).toMatchObject({ what: 'acknowledged', by })
})

test('while the disk hangs, people are refused once a thousand wait; outcomes of deliveries are not', async () => {
  const held: (() => void)[] = []
  let hangs = false
  const { desk } = await start({
    around: (store: DeskStore<DueDelivery>) => ({
      ...store,
      commit: async change => {
        if (hangs) await new Promise<void>(resolve => held.push(resolve))
        return await store.commit(change)
      },
    }),
  })
  await press(desk, 1)
  const [alarm] = await desk.alarms()
  const [delivery] = desk.due
  hangs = true
  const act = () => desk.desk.act(alarm?.id ?? '', { name: 'acknowledge', by: '王' }, 'tests')
  const first = act()
  await until(() => held.length > 0, 'a commit that hangs')
  const waiting = [first, ...Array.from({ length: 999 }, act)]
  await expect(act()).rejects.toMatchObject({ code: 'desk-busy', retryable: true })
  await expect(desk.desk.actOnSite('school-01', { name: 'close', by: '王' }, 'tests')).rejects.toMatchObject({
    code: 'desk-busy',
  })
  const settled = desk.settle(delivery as DueDelivery)
  hangs = false
  for (const go of held) go()
  await settled
  const acted = await Promise.all(waiting)
  expect(acted.filter(result => result !== undefined && 'alarm' in result)).toHaveLength(1)
})

test('a delivery that was planned on a clock set back since is due now, one in the usual rhythm is not', async () => {
  let now = Date.parse('2026-11-24T09:00:00Z')
  const { desk } = await start({ clock: () => now })
  await press(desk, 1)
  const [delivery] = desk.due as [DueDelivery]
  const failed = { deliveryId: delivery.id, attempts: 1, refusals: 0, status: 500, error: 'answered 500' }
  await desk.database.write.call('deliveryFailed', { ...failed, dueAt: now + 15_000 })
  const due = async () =>
    (await desk.database.read.call('due', { endpoints: ['centre'], now, latest: now + 120_000, limit: 10 })).due.length
  expect(await due()).toBe(0)
  now -= 3_600_000
  expect(await due()).toBe(1)
})

test('after a start on a clock set back, no deadline is further away than its whole time', async () => {
  const dir = temporaryDirectory()
  let now = Date.parse('2026-11-24T09:00:00Z')
  const before = await openDesk(dir, { clock: () => now })
  await before.press('button-1', 'p-1')
  await until(async () => (await before.alarms()).length === 1, 'the alarm')
  await before.close()
  now -= 3_600_000
  const desk = await openDesk(dir, { clock: () => now })
  onTestFinished(() => desk.close())
  const [alarm] = desk.desk.openAlarms()
  expect(Date.parse(alarm?.deadlines.deliver ?? '') - now).toBe(5000)
  now += 5000
  await until(async () => (await desk.alarms())[0]?.escalationLevel === 1, 'the escalation')
})
