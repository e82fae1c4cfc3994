import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { DeliveryView } from '../../schemas/api.ts'
import { triggers } from '../../schemas/events/alarm.ts'
import { connectDevice, type Device, panic } from '../helpers/device.ts'
import { accept, type Behaviour, dispatchTo, startEndpoint, type TestEndpoint, type Told } from '../helpers/endpoint.ts'
import { type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/**
 * One gateway and one endpoint that misbehaves. What it does is said per device, so that faults run beside each other as they
 * would: while one alarm's delivery hangs, another's is refused and a third one's connection breaks.
 */
let gateway: RunningGateway
let endpoint: TestEndpoint
/** Where redirects point to: nothing of ours may ever arrive there. */
let elsewhere: TestEndpoint
const dir = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
const devices: Device[] = []
/** By device: what the endpoint does with each attempt in turn; after the last one it accepts. */
const plans = new Map<string, Behaviour[]>()

beforeAll(async () => {
  endpoint = await startEndpoint()
  elsewhere = await startEndpoint()
  endpoint.behave((response, told, request) => {
    const act = plans.get(deviceOf(told))?.shift() ?? accept
    act(response, told, request)
  })
  const registry = writeRegistry(dir, { buttons: 40 })
  gateway = await startGateway({ dataDir: `${dir}/data`, registry, env: dispatchTo(endpoint) })
})
afterAll(async () => {
  for (const device of devices) await device.end()
  await gateway?.kill()
  await endpoint?.down()
  await elsewhere?.down()
  rmSync(dir, { recursive: true, force: true })
})

const deviceOf = ({ message }: Told) => message.data.alarm?.device.id as string
async function connect(number: number): Promise<Device> {
  const device = await connectDevice(gateway.mqttUrl, button(number))
  devices.push(device)
  return device
}
const isOf = (device: Device) => (told: Told) => deviceOf(told) === device.address.device
/** All attempts of this device's messages, in the order of their arrival. */
const attemptsOf = (device: Device) => endpoint.told.filter(isOf(device))
const deliveryOf = async (id: string) =>
  (await gateway.get<{ items: DeliveryView[] }>('deliveries?limit=200')).items.find(({ messageId }) => messageId === id)
const delivered = (id: string) =>
  until(async () => {
    const delivery = await deliveryOf(id)
    return delivery?.state === 'delivered' && delivery
  }, `delivery of message ${id}`)

const answer =
  (status: number, body = '', headers: Record<string, string> = {}): Behaviour =>
  response =>
    void response.writeHead(status, headers).end(body)
const hang: Behaviour = () => {}
const redirect: Behaviour = (...given) => answer(302, '', { location: elsewhere.url })(...given)
const cut: Behaviour = response => {
  response.writeHead(200, { 'content-length': '64' })
  response.write('{"incidentNo":', () => response.socket?.destroy())
}
const reset: Behaviour = response => void response.socket?.resetAndDestroy()
const notHttp: Behaviour = response => void response.socket?.end('what is this\r\n\r\n')
/** A body that is never over, as fast as it is read, or a few bytes at a time. */
const endless =
  (status: number): Behaviour =>
  response => {
    response.writeHead(status)
    const chunk = Buffer.alloc(16_384, ' ')
    const more = (): void => {
      if (response.write(chunk)) setImmediate(more)
      else response.once('drain', more)
    }
    response.on('close', () => response.removeAllListeners('drain'))
    more()
  }
const drip: Behaviour = response => {
  response.writeHead(200)
  const timer = setInterval(() => response.write(' '), 100)
  response.on('close', () => clearInterval(timer))
}

describe.concurrent('an alarm arrives, with the same id and body, after the endpoint', () => {
  const faults: [what: string, button: number, fault: Behaviour, status: number | null, times: number][] = [
    ['hung', 1, hang, null, 1],
    ['sent a body that drips for ever', 2, drip, null, 1],
    ['answered 500', 3, answer(500, 'oh'), 500, 2],
    ['answered 503 with a body that never ends', 4, endless(503), 503, 2],
    ['answered 302', 5, redirect, 302, 2],
    ['answered 404', 6, answer(404), 404, 1],
    ['cut its answer in the middle', 7, cut, null, 2],
    ['broke the connection', 8, reset, null, 2],
    ['answered something else than HTTP', 9, notHttp, null, 2],
  ]
  test.for(faults)('%s', async ([, number, fault, status, times], { expect }) => {
    const device = await connect(number)
    plans.set(device.address.device, Array(times).fill(fault))
    await device.publish('alarm', panic('p1'))
    await until(() => attemptsOf(device).length > times, 'an attempt that is accepted')
    const [first, ...more] = attemptsOf(device) as [Told, ...Told[]]
    const { attempts } = await delivered(first.id)
    expect(attempts).toBe(times + 1)
    expect(more.map(({ id, body }) => ({ id, body }))).toEqual(Array(times).fill({ id: first.id, body: first.body }))
    // Each attempt is signed anew, at its own time; the endpoint verifies each signature.
    for (const { at, headers } of [first, ...more])
      expect(Math.abs(at / 1000 - Number(headers['webhook-timestamp']))).toBeLessThan(2.5)
    const lines = gateway.log.filter(
      ({ msg, subject }) => msg === 'delivery.attempted' && subject === first.message.subject,
    )
    expect(lines.map(line => line.attempts)).toEqual(Array.from({ length: times + 1 }, (_, index) => index + 1))
    expect(lines.map(line => line.status)).toEqual([...Array(times).fill(status), 200])
  })
})

describe.concurrent('a 2xx is delivered at the first attempt, whatever its body is:', () => {
  const bodies: [what: string, button: number, Behaviour][] = [
    ['no body', 11, answer(204)],
    ['garbage', 12, answer(200, '<html>\u0000{"acknowledged":true')],
    ['JSON of another shape', 13, answer(202, '{"acknowledged":"yes","incidentNo":[1]}')],
    ['a body without end', 14, endless(200)],
  ]
  test.for(bodies)('%s', async ([, number, behaviour], { expect }) => {
    const device = await connect(number)
    plans.set(device.address.device, [behaviour])
    await device.publish('alarm', panic('p1'))
    const told = await endpoint.next(isOf(device))
    expect(await delivered(told.id)).toMatchObject({ attempts: 1 })
    expect(attemptsOf(device)).toHaveLength(1)
    const { stage } = await gateway.get<{ stage: string }>(`alarms/${told.message.subject}`)
    expect(stage).toBe('delivered')
  })
})

test('a redirect is never followed and no wrong signature was sent', ({ expect }) => {
  expect(elsewhere.told).toEqual([])
  expect(elsewhere.wrong).toEqual([])
  expect(endpoint.wrong).toEqual([])
})

test('messages of one alarm stay in their order while the first one fails', async ({ expect }) => {
  const device = await connect(20)
  plans.set(device.address.device, [answer(500), answer(500)])
  await device.publish('alarm', panic('p1'))
  for (const id of ['p2', 'p3', 'p4']) await device.publish('alarm', panic(id))
  await device.publish('alarm', panic('r1', { state: 'restored' }))
  await endpoint.next(told => isOf(device)(told) && told.message.type === 'alarm.restored')
  expect(attemptsOf(device).map(({ message }) => [message.type, message.data.alarm?.pressCount])).toEqual([
    ['alarm.raised', 1],
    ['alarm.raised', 1],
    ['alarm.raised', 1],
    ['alarm.pressed', 2],
    ['alarm.pressed', 3],
    ['alarm.pressed', 4],
    ['alarm.restored', 4],
  ])
})

test('another alarm is not held up while 60 deliveries hang', async ({ expect }) => {
  // 7 devices with 9 triggers each: 63 alarms, and each one's first attempt hangs until it times out.
  const hanging = await Promise.all([21, 22, 23, 24, 25, 26, 27].map(connect))
  for (const { address } of hanging) plans.set(address.device, Array(triggers.length).fill(hang))
  const isHanging = (told: Told) => hanging.some(device => isOf(device)(told))
  await Promise.all(
    hanging.flatMap(device => triggers.map(trigger => device.publish('alarm', panic(`p-${trigger}`, { trigger })))),
  )
  await until(() => endpoint.told.filter(isHanging).length >= 60, '60 deliveries that hang')
  const other = await connect(28)
  await other.publish('alarm', panic('p1'))
  const { at } = await endpoint.next(isOf(other))
  // Before any of them had timed out, after 3 s.
  expect(at - (endpoint.told.find(isHanging) as Told).at).toBeLessThan(2900)
  await until(() => endpoint.told.filter(isHanging).length === 126, 'each of them once more')
})

test('an endpoint that is down is told once it is up, and every alarm in its order', async ({ expect }) => {
  await endpoint.down()
  const [one, two] = [await connect(30), await connect(31)]
  await one.publish('alarm', panic('p1'))
  await two.publish('alarm', panic('p1'))
  await one.publish('alarm', panic('p2'))
  const pending = await until(async () => {
    const { items } = await gateway.get<{ items: DeliveryView[] }>('deliveries?state=pending')
    const tried = items.filter(({ attempts }) => attempts >= 2)
    return tried.length === 2 && items
  }, 'two attempts for each of the two alarms')
  expect(pending.filter(({ attempts }) => attempts > 0).map(({ lastError }) => lastError)).toEqual([
    'ECONNREFUSED',
    'ECONNREFUSED',
  ])
  await endpoint.up()
  await endpoint.next(told => isOf(one)(told) && told.message.type === 'alarm.pressed')
  await endpoint.next(isOf(two))
  expect(attemptsOf(one).map(({ message }) => message.type)).toEqual(['alarm.raised', 'alarm.pressed'])
  const ids = pending.map(({ messageId }) => messageId)
  expect([...attemptsOf(one), ...attemptsOf(two)].map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
})
