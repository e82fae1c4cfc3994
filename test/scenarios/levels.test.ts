import { onTestFinished, test } from 'vitest'
import { connectDevice, panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { endpointSecret, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { button, writeRegistry } from '../helpers/registry.ts'

test('while the first level takes nothing the next is told within 5 s, and of the endpoint that fails', async ({
  expect,
}) => {
  const dir = temporaryDirectory()
  const [dead, city, station] = [await startEndpoint(), await startEndpoint(), await startEndpoint()]
  for (const endpoint of [city, station]) onTestFinished(() => endpoint.down())
  await dead.down()
  const endpoints = [
    { id: 'sub-bureau', url: dead.url, secret: endpointSecret, level: 0 },
    { id: 'city', url: city.url, secret: endpointSecret, level: 1 },
    { id: 'station', url: station.url, secret: endpointSecret, level: 4 },
  ]
  const gateway = await startGateway({ dataDir: `${dir}/data`, registry: writeRegistry(dir, { endpoints }) })
  onTestFinished(() => gateway.kill())
  const device = await connectDevice(gateway.mqttUrl, button(1))
  onTestFinished(() => device.end())
  const pressedAt = Date.now()
  await device.publish('alarm', panic('press-1'))

  const fault = await city.next(({ message }) => message.type === 'gateway.fault')
  expect(fault.message.data.fault).toMatchObject({ code: 'endpoint-failing', subject: 'sub-bureau' })
  const escalated = await city.next(({ message }) => message.type === 'alarm.escalated')
  console.log(`level 1 told ${escalated.at - pressedAt} ms after the press`)
  const { alarm } = escalated.message.data
  expect(alarm).toMatchObject({ stage: 'raised', escalationLevel: 1, device: { id: 'button-1' } })
  expect(alarm?.history.map(({ what, by }) => [what, by])).toEqual([
    ['raised', 'button-1'],
    ['escalated', 'deliver'],
  ])
  // Nobody was told of the alarm before its deadline, and the level above not yet.
  const dueAt = Date.parse(alarm!.receivedAt) + 5000
  expect(Date.parse(alarm!.history[1]!.at)).toBeGreaterThanOrEqual(dueAt)
  expect(city.told.filter(({ message }) => message.data.alarm !== undefined)).toHaveLength(1)
  expect(station.told.filter(({ message }) => message.data.alarm !== undefined)).toEqual([])

  // The first level comes back: it is told of all, in order.
  await dead.up()
  onTestFinished(() => dead.down())
  await dead.next(({ message }) => message.type === 'alarm.escalated')
  expect(dead.told.filter(({ message }) => message.data.alarm).map(({ message }) => message.type)).toEqual([
    'alarm.raised',
    'alarm.escalated',
  ])
})
