import { onTestFinished, test } from 'vitest'
import { connectDevice, panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { adminToken, type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** SIGKILL at every step of an alarm's life in turn: as soon as the step is answered, so before or while it is told on. */
test('killed at every step of an alarm’s life it goes on where it was: nothing missing, nothing under another id', {
  timeout: 90_000,
}, async ({ expect }) => {
  const dir = temporaryDirectory()
  // Restarts take a while on a busy machine: no deadline shall fall due meanwhile.
  const deadlines = [{ deliverS: 3600, acknowledgeS: [3600], dispatchS: 3600, arriveMinutes: 60 }]
  const registry = writeRegistry(dir, { deadlines })
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  let gateway: RunningGateway
  const start = async () => {
    gateway = await startGateway({ dataDir: `${dir}/data`, registry, env: dispatchTo(endpoint) })
  }
  onTestFinished(() => gateway.kill())
  const killAndStart = async () => {
    await gateway.kill()
    await start()
  }
  type Listed = { items: { id: string; stage: string; history: { what: string; by?: string }[] }[] }
  const alarms = async () => (await gateway.get<Listed>('alarms')).items

  await start()
  const device = await connectDevice(gateway!.mqttUrl, button(1))
  await device.publish('alarm', panic('press-1'))
  // The PUBACK has come: from here on it must be raised and told, whatever happens.
  await killAndStart()
  const raised = await endpoint.next(({ message }) => message.type === 'alarm.raised')
  const id = raised.message.subject
  await killAndStart()
  await until(async () => (await alarms())[0]?.stage === 'delivered', 'the stage delivered')

  const steps = [
    ['acknowledge', 'acknowledged', {}],
    ['dispatch', 'dispatched', { unit: '1号车' }],
    ['arrive', 'arrived', {}],
    ['close', 'closed', { disposition: 'real' }],
  ] as const
  for (const [action, stage, more] of steps) {
    const response = await fetch(`${gateway!.httpUrl}/api/v1/alarms/${id}/${action}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ by: '王', ...more }),
    })
    expect(response.status).toBe(200)
    await killAndStart()
    expect((await alarms()).map(alarm => [alarm.id, alarm.stage])).toEqual([[id, stage]])
    await endpoint.next(({ message }) => message.type === `alarm.${stage}`)
  }

  const idsOf = (type: string) =>
    new Set(endpoint.told.filter(({ message }) => message.type === type).map(told => told.id))
  const types = ['raised', 'acknowledged', 'dispatched', 'arrived', 'closed'].map(what => `alarm.${what}`)
  expect(types.map(type => [type, idsOf(type).size])).toEqual(types.map(type => [type, 1]))
  expect(endpoint.told.filter(({ message }) => !types.includes(message.type))).toEqual([])
  const [alarm] = await alarms()
  const whole = await gateway!.get<Listed['items'][number]>(`alarms/${alarm!.id}`)
  expect(whole.history.map(({ what }) => what).filter(what => what !== 'delivered')).toEqual([
    'raised',
    'acknowledged',
    'dispatched',
    'arrived',
    'closed',
  ])
  expect(endpoint.wrong).toEqual([])
})
