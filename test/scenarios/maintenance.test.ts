import { expect, onTestFinished, test } from 'vitest'
import type { MaintenanceView } from '../../schemas/actions.ts'
import type { DeliveryView } from '../../schemas/api.ts'
import { connectDevice, panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { accept, dispatchTo, endpointSecret, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { call, post } from '../helpers/people.ts'
import { button, school, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

test('alarms of a window are marked and delivered, also after a restart; after its end they are not', async () => {
  const dir = temporaryDirectory()
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const options = { dataDir: `${dir}/data`, registry: writeRegistry(dir), env: dispatchTo(endpoint) }
  const before = await startGateway(options)
  onTestFinished(() => before.kill())
  const begun = await post<MaintenanceView>(before, 'maintenance', { site: school, by: '张', note: '换电池' })
  expect([begun.status, begun.json.site, begun.json.device]).toEqual([201, school, null])
  expect(Date.parse(begun.json.until) - Date.parse(begun.json.from)).toBe(30 * 60_000)
  expect((await post(before, 'maintenance', { device: 'button-77', by: '张' })).status).toBe(404)
  expect(JSON.stringify(before.log)).not.toContain('张')
  await before.kill()

  const gateway = await startGateway(options)
  onTestFinished(() => gateway.kill())
  const windows = async () => (await gateway.get<{ items: MaintenanceView[] }>('maintenance')).items
  expect(await windows()).toEqual([begun.json])
  const press = async (number: number) => {
    const device = await connectDevice(gateway.mqttUrl, button(number))
    onTestFinished(() => device.end())
    await device.publish('alarm', panic(`p-${number}`))
    const { message } = await endpoint.next(({ message }) => message.data.alarm?.device.id === `button-${number}`)
    return message.data.alarm?.maintenance
  }
  expect(await press(1)).toBe(true)
  const ended = await call(gateway, 'DELETE', `maintenance/${begun.json.id}`)
  expect(ended.status).toBe(200)
  expect(await windows()).toEqual([])
  expect(await press(2)).toBe(false)
  expect((await call(gateway, 'DELETE', `maintenance/${begun.json.id}`)).status).toBe(404)
  expect(await gateway.stop()).toBe(0)
})

test('an endpoint is tested alone, and what it refused is tried again when a person asks', async () => {
  const dir = temporaryDirectory()
  const [tested, other] = [await startEndpoint(), await startEndpoint()]
  onTestFinished(async () => void (await Promise.all([tested.down(), other.down()])))
  const registry = writeRegistry(dir, {
    endpoints: [
      { id: 'tested', url: tested.url, secret: endpointSecret, level: 0 },
      { id: 'other', url: other.url, secret: endpointSecret, level: 0 },
    ],
  })
  const gateway = await startGateway({ dataDir: `${dir}/data`, registry })
  onTestFinished(() => gateway.kill())
  let answering = false
  tested.behave((response, told, request) => {
    if (answering) accept(response, told, request)
    else response.writeHead(410).end()
  })
  const test = await post<{ messageId: string }>(gateway, 'endpoints/tested/test')
  expect(test.status).toBe(202)
  const { message, headers } = await tested.next()
  expect(message).toMatchObject({
    type: 'gateway.fault',
    id: test.json.messageId,
    data: { fault: { code: 'endpoint-test', subject: 'tested' } },
  })
  expect(headers['webhook-id']).toBe(test.json.messageId)
  expect((await post(gateway, 'endpoints/nobody/test')).status).toBe(404)

  // Refused twice, the next try is a minute away.
  const delivery = async () =>
    (await gateway.get<{ items: DeliveryView[] }>('deliveries')).items.find(({ endpoint }) => endpoint === 'tested')!
  const { id, nextAttemptAt } = await until(async () => {
    const found = await delivery()
    return found.attempts === 2 && found
  }, 'two refusals')
  expect(Date.parse(nextAttemptAt!) - Date.now()).toBeGreaterThan(20_000)
  answering = true
  const retried = await post<DeliveryView>(gateway, `deliveries/${id}/retry`)
  expect([retried.status, retried.json.id, retried.json.state]).toEqual([202, id, 'pending'])
  await until(async () => (await delivery()).state === 'delivered', 'the delivery')
  const late = await post(gateway, `deliveries/${id}/retry`)
  expect([late.status, late.json.detail]).toEqual([409, `Delivery ${id} is delivered; only a pending one is tried`])
  expect(tested.told).toHaveLength(3)
  expect(tested.told.every(told => told.id === test.json.messageId)).toBe(true)
  expect((await post(gateway, 'deliveries/999/retry')).status).toBe(404)
  // It was told of the refusal, and of nothing else.
  const faults = other.told.map(({ message }) => message.data.fault?.code)
  expect(faults.filter(code => code === 'endpoint-test')).toEqual([])
  expect(await gateway.stop()).toBe(0)
})
