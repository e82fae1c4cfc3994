import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { disable, enable } from '../../gateway/provisioning/disable-command.ts'
import type { DeviceView } from '../../schemas/api.ts'
import { type DeviceKind, deviceKinds } from '../../schemas/registry.ts'
import { topics } from '../../schemas/topics.ts'
import { type ClockedGateway, startClocked } from '../helpers/clocked-gateway.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint, type TestEndpoint } from '../helpers/endpoint.ts'
import { connectPacket, connectRaw, publishPacket } from '../helpers/raw-device.ts'
import { secretOf } from '../helpers/registry.ts'
import { command } from '../helpers/registry-command.ts'
import { until } from '../helpers/until.ts'

const site = 'school-01'
const idOf = (index: number) => `d-${index + 1}`
const address = (index: number) => ({ site, device: idOf(index) })

function registryOf(dir: string, kinds: DeviceKind[], selfTest = false): string {
  const file = join(dir, 'registry.yaml')
  const secretHash = (id: string) => `sha256:${createHash('sha256').update(secretOf(id)).digest('hex')}`
  const devices = kinds.map((kind, index) => ({ id: idOf(index), site, kind, secretHash: secretHash(idOf(index)) }))
  writeFileSync(
    file,
    stringify({ version: 1, sites: [{ id: site, name: '第一小学', kind: 'school', selfTest }], devices }),
  )
  return file
}

async function stand(kinds: DeviceKind[], options: { selfTest?: boolean } = {}) {
  const dir = temporaryDirectory()
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const registry = registryOf(dir, kinds, options.selfTest)
  const start = (at?: number) =>
    startClocked({
      dataDir: `${dir}/data`,
      registry,
      env: dispatchTo(endpoint),
      ...(at === undefined ? {} : { at }),
    })
  return { endpoint, start }
}
/** A connection whose heartbeat was pubacked: so the gateway has heard it. */
async function connectHeard(gateway: ClockedGateway, index: number, at = site) {
  const raw = await connectRaw(gateway.mqttPort, idOf(index))
  onTestFinished(() => void raw.socket.destroy())
  raw.send(publishPacket(topics.heartbeat({ ...address(index), site: at }), '{}', 1))
  await raw.packet(({ cmd }) => cmd === 'puback')
  return raw
}
const told = (endpoint: TestEndpoint) => endpoint.told.map(({ message }) => `${message.type} ${message.subject}`)
const viewOf = async (gateway: ClockedGateway, index: number) =>
  (await gateway.get<{ items: DeviceView[] }>('devices')).items.find(({ id }) => id === idOf(index)) as DeviceView

test('a button that is cut off without a word is silent after 90 s, and recovered when it is back', async ({
  expect,
}) => {
  const { endpoint, start } = await stand(['panic-button', 'sensor'])
  const gateway = await start()
  const connectBoth = () => Promise.all([connectHeard(gateway, 0), connectHeard(gateway, 1)])
  await connectBoth()
  const lastSeenAt = new Date(gateway.now()).toISOString()
  gateway.pass(89)
  expect(await viewOf(gateway, 0)).toMatchObject({ presence: 'online', connected: true, lastSeenAt })
  gateway.pass(1)
  const { message } = await endpoint.next()
  expect(message).toMatchObject({
    type: 'device.silent',
    subject: 'd-1',
    data: { device: { id: 'd-1', kind: 'panic-button', site, lastSeenAt, flapping: false } },
  })
  expect(await viewOf(gateway, 0)).toMatchObject({ presence: 'silent' })

  await connectBoth()
  gateway.pass(1)
  await endpoint.next(({ message }) => message.type === 'device.recovered')
  expect(told(endpoint)).toEqual(['device.silent d-1', 'device.recovered d-1'])
  expect(await viewOf(gateway, 0)).toMatchObject({ presence: 'online' })
  expect(endpoint.wrong).toEqual([])
})

test('300 devices of a site that are lost at once are one report, and one when they are back', async ({ expect }) => {
  const kinds = Array.from({ length: 300 }, (_, index) => deviceKinds[index % deviceKinds.length] as DeviceKind)
  const { endpoint, start } = await stand(kinds)
  const gateway = await start()
  // The last message of each is as long ago as its place says.
  for (let part = 0; part < 30; part++) {
    await Promise.all(Array.from({ length: 10 }, (_, n) => connectHeard(gateway, part + n * 30)))
    gateway.pass(1)
  }
  gateway.pass(330)
  await endpoint.next()
  await Promise.all(kinds.map((_, index) => connectHeard(gateway, index)))
  gateway.pass(1)
  const { message } = await endpoint.next(({ message }) => message.type === 'device.recovered')
  expect(told(endpoint)).toEqual(['device.silent school-01', 'device.recovered school-01'])
  expect(endpoint.told[0]?.message.data.site).toMatchObject({ name: '第一小学', deviceCount: 300 })
  expect(message.data.site).toMatchObject({ deviceCount: 300 })
})

test('a gateway that starts again tells nobody’s silence twice, and takes back what is over', async ({ expect }) => {
  const { endpoint, start } = await stand(['panic-button', 'panic-button'])
  const first = await start()
  first.pass(91)
  await endpoint.next(() => endpoint.told.length === 2)
  await first.stop()

  const second = await start()
  second.pass(60)
  await connectHeard(second, 0)
  second.pass(60)
  await endpoint.next(({ message }) => message.type === 'device.recovered')
  second.pass(60)
  // Its own silence comes after whatever else there would have been.
  await endpoint.next(() => endpoint.told.length === 4)
  expect(told(endpoint).slice(2)).toEqual(['device.recovered d-1', 'device.silent d-1'])
  expect(await viewOf(second, 1)).toMatchObject({ presence: 'silent', lastSeenAt: null })
})

test('a will makes its device offline, and one of an older start does not', async ({ expect }) => {
  const { start } = await stand(['panic-button', 'sensor'])
  const gateway = await start()
  const will = (boot: number) => ({
    topic: topics.status(address(0)),
    payload: Buffer.from(JSON.stringify({ status: 'offline', boot })),
    qos: 1,
    retain: false,
  })
  const connectWith = async (boot: number) => {
    const raw = await connectRaw(gateway.mqttPort, idOf(0), { connect: connectPacket(idOf(0), { will: will(boot) }) })
    onTestFinished(() => void raw.socket.destroy())
    await raw.packet(({ cmd }) => cmd === 'connack')
    return raw
  }
  const online = async (raw: Awaited<ReturnType<typeof connectWith>>, boot: number) => {
    raw.send(publishPacket(topics.status(address(0)), JSON.stringify({ status: 'online', boot }), 1))
    await raw.packet(({ cmd }) => cmd === 'puback')
  }
  const first = await connectWith(4)
  await online(first, 4)
  first.socket.destroy()
  await until(async () => (await viewOf(gateway, 0)).presence === 'offline', 'offline')

  const second = await connectWith(4)
  await online(second, 5)
  second.socket.destroy()
  await until(async () => !(await viewOf(gateway, 0)).connected, 'its connection’s end')
  const stored = await until(async () => {
    const { items } = await gateway.get<{ items: { kind: string }[] }>('events?kind=status')
    return items.length === 4 && items
  }, 'the old will in the journal')
  expect(stored).toHaveLength(4)
  expect(await viewOf(gateway, 0)).toMatchObject({ presence: 'online', connected: false })
})

test('what is missing by its numbers, and a battery that is low, are faults; late and refused events are no gap', async ({
  expect,
}) => {
  const { endpoint, start } = await stand(['access-controller', 'sensor'])
  const gateway = await start()
  const device = await connectDevice(gateway.mqttUrl, address(0), { keepalive: 0 })
  onTestFinished(() => device.end())
  const pass = (seq: number, more: object = {}) => device.publish('access', { ...passage(`e-${seq}`), seq, ...more })
  await pass(1)
  await pass(5)
  await pass(2, { buffered: true })
  // Refused, and sent again as it was.
  for (let time = 0; time < 2; time++) await device.publish('access', { id: 'e-3', seq: 3, data: {} })
  await pass(6)
  expect(await viewOf(gateway, 0)).toMatchObject({ missing: 1, battery: null })
  gateway.pass(60)
  expect((await endpoint.next()).message.data.fault).toMatchObject({
    code: 'sequence-gap',
    subject: 'd-1',
    message: expect.stringContaining('1 events of d-1 never came, lately number 4;'),
  })

  for (const battery of [30, 19, 18]) await device.publishRaw(topics.heartbeat(address(0)), JSON.stringify({ battery }))
  const { message } = await endpoint.next(({ message }) => message.data.fault?.code === 'battery-low')
  expect(message).toMatchObject({ type: 'gateway.fault', subject: 'd-1' })
  await device.publishRaw(topics.heartbeat(address(0)), '{"battery":97}')
  await device.publish('alarm', panic('a-1'))
  await endpoint.next(({ message }) => message.type === 'alarm.raised')
  expect(told(endpoint)).toEqual(['gateway.fault d-1', 'gateway.fault d-1', expect.stringContaining('alarm.raised')])
  expect(await viewOf(gateway, 0)).toMatchObject({ missing: 1, battery: 97 })
})

test('a test alarm that is overdue after 25 h is a fault, once, also over restarts', async ({ expect }) => {
  const { endpoint, start } = await stand(['panic-button'], { selfTest: true })
  const now = Date.now()
  const hourMs = 60 * 60_000
  const faults = () => endpoint.told.filter(({ message }) => message.data.fault?.code === 'self-test-overdue')

  const yesterday = await start(now - 26 * hourMs)
  // So old a signature is refused by who knows the time; nobody listens then.
  await endpoint.down()
  const device = await connectDevice(yesterday.mqttUrl, address(0), { keepalive: 0 })
  await device.publish('alarm', panic('t-1', { mode: 'test' }))
  await until(async () => (await yesterday.get<{ items: object[] }>('alarms')).items.length === 1, 'the alarm')
  await device.end()
  await yesterday.stop()
  await endpoint.up()

  for (let round = 0; round < 2; round++) {
    const gateway = await start(now)
    gateway.pass(2)
    await endpoint.next(() => faults().length === 1)
    if (round === 1) {
      gateway.pass(89)
      await endpoint.next(({ message }) => message.type === 'device.silent')
      expect(faults()).toHaveLength(1)
    }
    await gateway.stop()
  }
  expect(faults()[0]?.message).toMatchObject({
    subject: site,
    data: { fault: { message: expect.stringContaining('25 h') } },
  })
})

test('a registry that is reloaded says who is watched: who left or is disabled is told of no more, who is new in its time', async ({
  expect,
}) => {
  const dir = temporaryDirectory()
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const kinds: DeviceKind[] = ['panic-button', 'panic-button', 'sensor']
  const registry = registryOf(dir, kinds)
  const gateway = await startClocked({ dataDir: `${dir}/data`, registry, env: dispatchTo(endpoint) })
  gateway.pass(60)
  registryOf(dir, [...kinds, 'panic-button'])
  const { text } = command(disable, registry, [idOf(0)])
  // The second one moves to another site, the third becomes a button: both count from now.
  writeFileSync(
    registry,
    text
      .replace('sites:\n', 'sites:\n  - { id: school-02, name: x, kind: school }\n')
      .replace(/(id: d-2\n\s+site: )school-01/, '$1school-02')
      .replace('kind: sensor', 'kind: panic-button'),
  )
  await gateway.post('registry/reload')
  gateway.pass(85)
  // Through the same door as silences are: what came before is there too.
  await gateway.post('endpoints/dispatch/test')
  await endpoint.next(({ message }) => message.data.fault?.code === 'endpoint-test')
  expect(told(endpoint)).toEqual(['gateway.fault dispatch'])
  gateway.pass(7)
  const silent = () => told(endpoint).filter(text => text.startsWith('device.'))
  await until(() => silent().length >= 3, 'they are told')
  expect(silent().toSorted()).toEqual(['device.silent d-2', 'device.silent d-3', 'device.silent d-4'])

  // Back in service after it was told as silent: told as recovered, and not as silent twice.
  command(disable, registry, [idOf(1)])
  await gateway.post('registry/reload')
  command(enable, registry, [idOf(1)])
  await gateway.post('registry/reload')
  await connectHeard(gateway, 1, 'school-02')
  gateway.pass(2)
  await endpoint.next(({ message }) => message.type === 'device.recovered' && message.subject === 'd-2')
})
