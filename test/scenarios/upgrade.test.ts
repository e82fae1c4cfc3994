import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { currentVersion } from '../../gateway/sqlite/migrations/migrate.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import type { Stats } from '../../schemas/api.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { makeOlder, olderVersions } from '../helpers/older-release.ts'
import { post } from '../helpers/people.ts'
import { button, gate, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** A release is put in the place of an older one, on the data as that left it. (A newer one's: test/contract/storage-file.test.ts.) */
test('every migration but the last has a release that left it behind', () => {
  expect(olderVersions).toEqual(Array.from({ length: currentVersion - 1 }, (_, index) => index + 1))
})

test.each(olderVersions)('the data of version %i: nothing is lost, what was open goes on', async version => {
  const dir = temporaryDirectory()
  const dataDir = join(dir, 'data')
  const endpoint = await startEndpoint()
  await endpoint.down()
  onTestFinished(() => endpoint.down())
  const options = { dataDir, registry: writeRegistry(dir), env: dispatchTo(endpoint) }
  const start = async () => {
    const gateway = await startGateway(options)
    onTestFinished(() => gateway.kill())
    return gateway
  }

  const before = await start()
  const door = await connectDevice(before.mqttUrl, gate)
  for (let n = 0; n < 20; n++) await door.publish('access', passage(`e-${n}`))
  await door.publish('access', passage('e-0'))
  await door.publish('access', { id: 'wrong' })
  const pressed = await connectDevice(before.mqttUrl, button(1))
  await pressed.publish('alarm', panic('p-1'))
  const open = await until(async () => (await before.get<{ items: Alarm[] }>('alarms')).items[0], 'the alarm')
  await until(
    async () => (await before.get<{ items: { attempts: number }[] }>('deliveries')).items[0]?.attempts,
    'a failed attempt',
  )
  await Promise.all([door.end(), pressed.end()])
  const counts = async (gateway: Pick<typeof before, 'get'>) => {
    const { received, accepted, duplicate, rejected, journal, consumers } = await gateway.get<Stats>('stats')
    return { received, accepted, duplicate, rejected, lastSeq: journal.lastSeq, alarms: consumers.alarms }
  }
  const counted = await counts(before)
  expect(counted).toMatchObject({ received: 23, accepted: 21, duplicate: 1, rejected: 1 })
  expect(await before.stop()).toBe(0)
  makeOlder(dataDir, version)
  const versionOf = () => {
    const db = new DatabaseSync(join(dataDir, 'journal.sqlite'))
    const found = db.prepare('PRAGMA user_version').get()
    db.close()
    return found
  }
  expect(versionOf()).toEqual({ user_version: version })

  const after = await start()
  expect(await counts(after)).toEqual(counted)
  expect((await after.get<{ items: unknown[] }>('events?limit=100')).items).toHaveLength(21)
  expect((await after.get<{ items: unknown[] }>('rejections')).items).toMatchObject([{ device: gate.device }])
  expect((await after.get<{ items: Alarm[] }>('alarms')).items).toMatchObject([{ id: open.id, stage: 'raised' }])

  await endpoint.up()
  expect((await endpoint.next(({ message }) => message.type === 'alarm.raised')).message.subject).toBe(open.id)
  await until(async () => (await after.get<Alarm>(`alarms/${open.id}`)).stage === 'delivered', 'the alarm delivered')
  for (const [action, body] of Object.entries({ acknowledge: {}, close: { disposition: 'real' } }))
    expect((await post(after, `alarms/${open.id}/${action}`, { by: '王', ...body })).status).toBe(200)

  const again = await connectDevice(after.mqttUrl, gate)
  await again.publish('access', passage('e-1'))
  await again.publish('access', passage('e-20'))
  await again.end()
  const { lastSeq } = counted
  expect(await counts(after)).toMatchObject({ received: 25, accepted: 22, duplicate: 2, lastSeq: lastSeq + 1 })
  expect(await after.stop()).toBe(0)
  expect(versionOf()).toEqual({ user_version: currentVersion })
})
