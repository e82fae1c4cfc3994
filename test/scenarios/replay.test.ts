import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { z } from 'zod'
import type { AlarmsPage, EventsPage, RejectionsPage, Stats } from '../../schemas/api.ts'
import { topics } from '../../schemas/topics.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { post } from '../helpers/people.ts'
import { button, gate, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/**
 * An older gateway refused what this one would take: the rows are made so while none runs. Of the four, one is still not valid, and
 * one has come again meanwhile.
 */
test('a rejection that is good by today’s rules becomes its event once, and an alarm raises an alarm', async () => {
  const dir = temporaryDirectory()
  const options = { dataDir: `${dir}/data`, registry: writeRegistry(dir) }
  const before = await startGateway(options)
  onTestFinished(() => before.kill())
  const press = await connectDevice(before.mqttUrl, button(1))
  const door = await connectDevice(before.mqttUrl, gate)
  await press.publishRaw(topics.event(button(1), 'alarm'), 'a')
  await door.publishRaw(topics.event(gate, 'access'), 'b')
  await door.publishRaw(topics.event(gate, 'access'), 'c')
  await door.publishRaw(topics.heartbeat(gate), 'd')
  await door.publish('access', passage('came-again'))
  await Promise.all([press.end(), door.end()])
  expect(await before.stop()).toBe(0)
  const db = new DatabaseSync(`${dir}/data/journal.sqlite`)
  const set = db.prepare('UPDATE rejection SET payload = ?, received_ms = ? WHERE seq = ?')
  const now = Date.now()
  set.run(Buffer.from(JSON.stringify(panic('p-1'))), now - 60_000, 1)
  set.run(Buffer.from(JSON.stringify(passage('came-again'))), now, 2)
  set.run(Buffer.from('{"id":"x","data":{"door":"北门"}}'), now, 3)
  set.run(Buffer.from('{"battery":50}'), now, 4)
  db.close()

  const gateway = await startGateway(options)
  onTestFinished(() => gateway.kill())
  const replay = async (id: number | string) => await post(gateway, `rejections/${id}/replay`)
  const stats = await gateway.get<Stats>('stats')
  expect(stats).toMatchObject({ received: 5, accepted: 1, rejected: 4 })

  const raised = await replay(1)
  expect([raised.status, raised.json]).toEqual([200, { result: 'stored', seq: 6 }])
  const { items: events } = await gateway.get<z.infer<typeof EventsPage>>('events?device=button-1')
  expect(events).toMatchObject([
    { seq: 6, id: 'p-1', kind: 'alarm', time: new Date(now - 60_000).toISOString(), timeSource: 'gateway' },
  ])
  expect(Date.parse(events[0]!.receivedAt)).toBeGreaterThanOrEqual(now)
  const alarm = await until(
    async () => (await gateway.get<z.infer<typeof AlarmsPage>>('alarms')).items[0],
    'an alarm of the press',
  )
  expect(alarm).toMatchObject({ trigger: 'panic', site: { name: '第一小学' }, device: { id: 'button-1' } })

  expect((await replay(1)).json).toEqual({ result: 'duplicate', seq: 6 })
  expect((await replay(2)).json).toEqual({ result: 'duplicate', seq: 5 })
  const still = await replay(3)
  expect([still.status, still.json]).toEqual([
    200,
    { result: 'rejected', seq: 3, reason: expect.stringContaining('data.direction is missing') },
  ])
  expect(JSON.stringify(still.json)).not.toContain('北门')
  // Has no id, and is taken once all the same.
  expect((await replay(4)).json).toEqual({ result: 'stored', seq: 7 })
  expect((await replay(4)).json).toEqual({ result: 'duplicate', seq: 7 })
  expect((await replay(5)).status).toBe(404)
  expect((await replay(99)).status).toBe(404)
  expect((await replay('x')).status).toBe(400)

  const { items } = await gateway.get<z.infer<typeof RejectionsPage>>('rejections')
  expect(items.map(({ seq, replayedAs }) => [seq, replayedAs])).toEqual([
    [4, 7],
    [3, null],
    [2, 5],
    [1, 6],
  ])
  expect(await gateway.get<Stats>('stats')).toMatchObject({
    received: 8,
    accepted: 3,
    duplicate: 1,
    rejected: 4,
    alarms: { open: 1 },
  })
  // Said long ago: no sign of life.
  const devices = await gateway.get<{ items: { id: string; presence: string }[] }>('devices')
  expect(devices.items.find(({ id }) => id === 'button-1')?.presence).toBe('unknown')
  expect(await gateway.stop()).toBe(0)
})
