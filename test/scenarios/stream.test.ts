import { expect, onTestFinished, test } from 'vitest'
import { StreamAlarm, StreamCounters, StreamSnapshot } from '../../schemas/stream.ts'
import { connectDevice, panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { accept, dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { adminToken, startGateway } from '../helpers/gateway.ts'
import { post } from '../helpers/people.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { watch } from '../helpers/watcher.ts'

test('a watcher sees each step as it happens, goes on where its connection broke, and begins anew after a restart', async () => {
  const dir = temporaryDirectory()
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  endpoint.behave(accept)
  const options = { dataDir: `${dir}/data`, registry: writeRegistry(dir), env: dispatchTo(endpoint) }
  const gateway = await startGateway(options)
  onTestFinished(() => gateway.kill())
  const join = async (url: string, lastId?: string) => {
    const watcher = await watch(url, adminToken, lastId)
    onTestFinished(watcher.leave)
    return watcher
  }
  const first = await join(gateway.httpUrl)
  const device = await connectDevice(gateway.mqttUrl, button(1))
  onTestFinished(() => device.end())
  await device.publish('alarm', panic('p-1'))
  const step = (what: string) => (seen: { event: string; data: Record<string, unknown> }) =>
    seen.event === 'alarm' && (seen.data as StreamAlarm).line.what === what
  const raised = await first.next('raised', step('raised'))
  expect(first.seen[0]).toMatchObject({ event: 'snapshot', data: { alarms: [] } })
  const { alarm } = StreamAlarm.parse(raised.data)
  expect(alarm).toMatchObject({ stage: 'raised', device: { id: 'button-1' }, site: { name: '第一小学' } })
  await first.next('delivered', step('delivered'))
  const lastId = first.seen.findLast(({ id }) => id !== undefined)?.id
  first.leave()

  await post(gateway, `alarms/${alarm.id}/acknowledge`, { by: '王' })
  await post(gateway, `alarms/${alarm.id}/dispatch`, { by: '王' })
  const again = await join(gateway.httpUrl, lastId)
  const dispatched = await again.next('dispatched', step('dispatched'))
  const steps = again.seen.filter(({ event }) => event === 'alarm').map(({ data }) => (data as StreamAlarm).line.what)
  expect(steps.filter(what => what !== 'delivered')).toEqual(['acknowledged', 'dispatched'])
  expect(again.seen.map(({ event }) => event)).not.toContain('snapshot')
  const counters = await again.next('counters', ({ event }) => event === 'counters')
  expect(StreamCounters.parse(counters.data)).toMatchObject({ stored: 1, openAlarms: 1, connections: 1 })

  expect(await gateway.stop()).toBe(0)
  await again.ended
  const restarted = await startGateway(options)
  onTestFinished(() => restarted.kill())
  const anew = await join(restarted.httpUrl, dispatched.id)
  const snapshot = await anew.next('the snapshot', ({ event }) => event === 'snapshot')
  expect(StreamSnapshot.parse(snapshot.data).alarms).toMatchObject([{ id: alarm.id, stage: 'dispatched' }])
  expect(anew.seen[0]).toBe(snapshot)
  await post(restarted, `alarms/${alarm.id}/arrive`, { by: '赵' })
  await anew.next('arrived', step('arrived'))
  expect(await restarted.stop()).toBe(0)
})
