import { onTestFinished, test } from 'vitest'
import type { DeliveryView } from '../../schemas/api.ts'
import { connectDevice, panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { accept, dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** A gateway with a button, and an endpoint that takes what it is told and never answers. `startNext`: again on the same data. */
async function hangingEndpoint() {
  const dir = temporaryDirectory()
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  endpoint.behave(() => {})
  // No deadline passes here, however busy the machine.
  const registry = writeRegistry(dir, { deadlines: [{ deliverS: 600, acknowledgeS: [600] }] })
  const options = { dataDir: `${dir}/data`, registry, env: dispatchTo(endpoint) }
  const startNext = async () => {
    const gateway = await startGateway(options)
    onTestFinished(() => gateway.kill())
    return gateway
  }
  const first = await startNext()
  const device = await connectDevice(first.mqttUrl, button(1))
  onTestFinished(() => device.end())
  return { endpoint, first, device, startNext }
}

test('a delivery that is pending when the gateway is killed is made after the restart, with the same id', async ({
  expect,
}) => {
  const { endpoint, first: killed, device, startNext } = await hangingEndpoint()
  await device.publish('alarm', panic('p1'))
  await device.publish('alarm', panic('p2'))
  const hanging = await endpoint.next()
  await killed.kill()

  endpoint.behave(accept)
  const gateway = await startNext()
  await endpoint.next(({ message }) => message.type === 'alarm.pressed')
  expect(endpoint.told.map(({ message }) => message.type)).toEqual(['alarm.raised', 'alarm.raised', 'alarm.pressed'])
  expect(endpoint.told[1]).toMatchObject({ id: hanging.id, body: hanging.body })
  expect(endpoint.told[2]?.message.data.alarm).toMatchObject({ id: hanging.message.subject, pressCount: 2 })
  const items = await until(async () => {
    const found = (await gateway.get<{ items: DeliveryView[] }>('deliveries')).items
    return found.every(({ state }) => state === 'delivered') && found
  }, 'both delivered')
  expect(items).toHaveLength(2)
  expect(await gateway.stop()).toBe(0)
})

test('a gateway that is told to stop while an endpoint hangs stops in time, and delivers after the next start', async ({
  expect,
}) => {
  const { endpoint, first: stopped, device, startNext } = await hangingEndpoint()
  await device.publish('alarm', panic('p1'))
  const hanging = await endpoint.next()
  const startedMs = performance.now()
  expect(await stopped.stop()).toBe(0)
  expect(performance.now() - startedMs).toBeLessThan(6000)

  endpoint.behave(accept)
  const gateway = await startNext()
  const again = await endpoint.next(told => told !== hanging)
  expect(again).toMatchObject({ id: hanging.id, body: hanging.body })
  expect(await gateway.stop()).toBe(0)
  expect(endpoint.told).toHaveLength(2)
})
