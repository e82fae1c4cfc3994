import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IConnackPacket, IConnectPacket, IPublishPacket, ISubackPacket, Packet } from 'mqtt-packet'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { EventView, RejectionView, Stats } from '../../schemas/api.ts'
import { topics } from '../../schemas/topics.ts'
import { passage } from '../helpers/device.ts'
import { type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { connectPacket, connectRaw, publishPacket, type RawDevice } from '../helpers/raw-device.ts'
import { button, gate, monitor, secretOf, writeRegistry } from '../helpers/registry.ts'

/** What the contract refuses, at the door of one real gateway. Each test speaks as a device of its own. */
const dir = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
const maxPayloadBytes = 65_536
let gateway: RunningGateway
let used = 0

beforeAll(async () => {
  gateway = await startGateway({ dataDir: `${dir}/data`, registry: writeRegistry(dir, { buttons: 60 }) })
})
afterAll(async () => {
  const code = await gateway.stop()
  rmSync(dir, { recursive: true, force: true })
  expect(code).toBe(0)
})

const nextButton = () => button(++used)
const event = JSON.stringify(passage('e-1'))
const heartbeat = '{}'
const received = async () => (await gateway.get<Stats>('stats')).received
const eventsOf = async (device: string) => (await gateway.get<{ items: EventView[] }>(`events?device=${device}`)).items
const isPublish = (packet: Packet): packet is IPublishPacket => packet.cmd === 'publish'

type Connect = { [Name in keyof IConnectPacket]?: IConnectPacket[Name] | undefined }

/** A connection that may be refused: nothing is waited for. */
async function dial(packet?: Packet): Promise<RawDevice> {
  const raw = await connectRaw(gateway.mqttPort, 'none', { connect: packet ?? null })
  onTestFinished(() => void raw.socket.destroy())
  return raw
}
async function connackOf(more: Connect & { device: string }): Promise<number | undefined> {
  const { device, ...rest } = more
  const raw = await dial(connectPacket(device, rest))
  const connack = (await raw.packet(({ cmd }) => cmd === 'connack')) as IConnackPacket
  if (connack.returnCode !== 0) await raw.closed
  return connack.returnCode
}
async function welcome(device: string, more: Connect = {}): Promise<RawDevice> {
  const raw = await dial(connectPacket(device, more))
  await raw.packet(packet => packet.cmd === 'connack' && packet.returnCode === 0)
  return raw
}
async function subscribed(raw: RawDevice, messageId: number, ...filters: string[]): Promise<number[]> {
  raw.send({ cmd: 'subscribe', messageId, subscriptions: filters.map(topic => ({ topic, qos: 1 })) })
  const suback = await raw.packet(packet => packet.cmd === 'suback' && packet.messageId === messageId)
  return (suback as ISubackPacket).granted as number[]
}
/** Shows that the connection lives and publishes count. */
async function alive(raw: RawDevice, address: { site: string; device: string }, messageId = 999): Promise<void> {
  raw.send(publishPacket(topics.heartbeat(address), heartbeat, messageId))
  await raw.packet(packet => packet.cmd === 'puback' && packet.messageId === messageId)
}

test.each([
  ['the prefix of another device', topics.event(gate, 'access')],
  ['another device of its site', topics.event(button(60), 'alarm')],
  ['another site', 'gh/v1/compound-01/button-1/event/alarm'],
  ['a device whose id begins with its own', 'gh/v1/school-01/button-10/heartbeat'],
  ['its own prefix and nothing behind it', 'gh/v1/school-01/button-1'],
  ['another version', 'gh/v2/school-01/button-1/heartbeat'],
  ['upper case', 'GH/V1/school-01/button-1/heartbeat'],
  ['a level before it', '/gh/v1/school-01/button-1/heartbeat'],
  ['somewhere else', 'home/door'],
  ['$SYS', '$SYS/x/new/clients'],
  ['a wildcard', 'gh/v1/school-01/+/heartbeat'],
  ['a hash', 'gh/v1/school-01/button-1/#'],
  ['nowhere', ''],
  ['more than a hundred levels', `gh/v1/school-01/button-1/${'a/'.repeat(150)}`],
])('a publish to %s ends the connection, and nothing of it is kept', async (_, topic) => {
  const before = await received()
  const raw = await welcome(button(1).device)
  raw.send(
    publishPacket(topic, heartbeat, 1),
    publishPacket(topic, heartbeat, 2, 2),
    publishPacket(topic, heartbeat, 3, 0),
  )
  await raw.closed
  expect(raw.packets.map(({ cmd }) => cmd)).toEqual(['connack'])
  expect(await received()).toBe(before)
})

test.each<[string, number, Connect]>([
  ['a wrong secret', 4, { password: Buffer.from('wrong') }],
  ["another device's secret", 4, { password: Buffer.from(secretOf(gate.device)) }],
  ['an empty secret', 4, { password: Buffer.alloc(0) }],
  ['an unknown user name', 4, { username: 'nobody', clientId: 'nobody', password: Buffer.from(secretOf('nobody')) }],
  ['a user name like __proto__', 4, { username: '__proto__', clientId: '__proto__' }],
  ['no password', 4, { password: undefined }],
  ['neither name nor password', 4, { username: undefined, password: undefined }],
  ["a client id that isn't the device's", 5, { clientId: 'something-else' }],
  ['no client id', 5, { clientId: '' }],
  ["another device's client id", 5, { clientId: gate.device }],
])('%s is refused with CONNACK %i', async (_, returnCode, more) => {
  expect(await connackOf({ device: button(2).device, ...more })).toBe(returnCode)
})

test.each([
  ["another device's status", topics.status(gate)],
  ['$SYS', '$SYS/x'],
])('a will on %s is refused with CONNACK 5', async (_, topic) => {
  const will = { topic, payload: Buffer.from('x'), qos: 1 as const, retain: false }
  expect(await connackOf({ device: button(2).device, will })).toBe(5)
})

test('a will of QoS 3 is refused', async () => {
  const address = button(2)
  const will = { topic: topics.status(address), payload: Buffer.from('{}'), qos: 2 as const, retain: false }
  const raw = await dial()
  // The package won't write QoS 3, so the flags are patched: fixed header 2 bytes, protocol name 6, level 1.
  const { default: mqttPacket } = await import('mqtt-packet')
  const packet = mqttPacket.generate(connectPacket(address.device, { will }))
  packet[9] = (packet[9] as number) | 0x18
  raw.socket.write(packet)
  await raw.closed
  expect(raw.packets).toEqual([])
})

test.each(['before CONNECT', 'after CONNECT'])(
  'a packet of 200 MiB ends the connection on its header, %s',
  async when => {
    const address = nextButton()
    const raw = when === 'before CONNECT' ? await dial() : await welcome(address.device)
    const connectHeader = 0x10
    const publishHeader = 0x32
    const length200MiB = [0x80, 0x80, 0x80, 0x64]
    raw.socket.write(Buffer.from([when === 'before CONNECT' ? connectHeader : publishHeader, ...length200MiB]))
    await raw.closed
  },
)

test('a payload of 64 KiB is taken, one byte more ends the connection', async () => {
  const address = nextButton()
  const raw = await welcome(address.device)
  const fill = (bytes: number) => `{"fill":"${'x'.repeat(bytes - '{"fill":""}'.length)}"}`
  raw.send(publishPacket(topics.heartbeat(address), fill(maxPayloadBytes), 1))
  await raw.packet(packet => packet.cmd === 'puback' && packet.messageId === 1)
  raw.send(publishPacket(topics.heartbeat(address), fill(maxPayloadBytes + 1), 2))
  await raw.closed
  expect(await eventsOf(address.device)).toHaveLength(1)
})

test('a device may subscribe to its own ack and commands, and to nothing else; the connection lives', async () => {
  const address = nextButton()
  const own = topics.prefix(address)
  const raw = await welcome(address.device)
  expect(await subscribed(raw, 1, topics.ack(address), topics.commands(address), topics.indicate(address))).toEqual([
    1, 1, 1,
  ])
  const refused = [
    '#',
    '+/#',
    '+/v1/#',
    '$SYS/#',
    '$SYS/+/new/clients',
    'gh/v1/+/+/ack',
    'gh/v1/#',
    `gh/v1/${address.site}/+/ack`,
    topics.ack(gate),
    topics.commands(gate),
    topics.commands(button(60)),
    `${own}/#`,
    `${own}/+`,
    `${own}/event/alarm`,
    `${own}/ack/#`,
    `${own}/command`,
    `${own}/commands/x`,
    `$share/all/${own}/ack`,
  ]
  for (const [index, filter] of refused.entries())
    expect.soft(await subscribed(raw, index + 10, filter), filter).toEqual([0x80])
  // Beside a good one it is refused alone.
  expect(await subscribed(raw, 2, '#', topics.ack(address))).toEqual([0x80, 1])
  await alive(raw, address)
  await raw.packet(packet => isPublish(packet) && packet.topic === topics.ack(address))
})

test.each([
  'gh/#/ack',
  '',
  'gh/v1/+x',
  `${topics.prefix(button(59))}/command/a#`,
  `${topics.prefix(button(59))}/command/a+/b`,
])('the filter %s breaks the grammar of MQTT and ends the connection', async topic => {
  const raw = await welcome(button(59).device)
  raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] })
  await raw.closed
  expect(raw.packets.map(({ cmd }) => cmd)).toEqual(['connack'])
})

test('a device holds at most 32 filters', async () => {
  const address = nextButton()
  const raw = await welcome(address.device)
  const filters = Array.from({ length: 40 }, (_, index) => `${topics.prefix(address)}/command/${index}`)
  const granted = await subscribed(raw, 1, ...filters)
  expect(granted.filter(code => code === 1)).toHaveLength(32)
  raw.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: filters.slice(0, 2) })
  await raw.packet(({ cmd }) => cmd === 'unsuback')
  expect(await subscribed(raw, 3, ...filters.slice(36, 39))).toEqual([1, 1, 0x80])
})

test('a monitor sees what devices say and may not say anything itself', async () => {
  const address = nextButton()
  const watching = await welcome(monitor, { clientId: 'laptop' })
  expect(await subscribed(watching, 1, 'gh/v1/#', '#', '$SYS/#', '+/v1/#')).toEqual([1, 0x80, 0x80, 0x80])
  const raw = await welcome(address.device)
  raw.send(publishPacket(topics.heartbeat(address), heartbeat, 1))
  const seen = (await watching.packet(isPublish)) as IPublishPacket
  expect([seen.topic, String(seen.payload)]).toEqual([topics.heartbeat(address), heartbeat])

  // What only the gateway may say is not passed on; a rejection as such, and the next event is the next that is seen.
  raw.send(
    publishPacket(topics.ack(address), '{"id":"e-1","result":"stored","seq":1,"now":""}', 2),
    publishPacket(topics.indicate(address), '{}', 3),
    publishPacket(topics.event(address, 'access'), event, 4),
  )
  await watching.packet(packet => isPublish(packet) && packet.topic === topics.event(address, 'access'))
  expect(watching.packets.filter(isPublish).map(({ topic }) => topic)).toEqual([
    topics.heartbeat(address),
    topics.event(address, 'access'),
  ])

  const before = await received()
  watching.send(publishPacket(topics.heartbeat(address), heartbeat, 2))
  await watching.closed
  expect(await received()).toBe(before)
})

test("a monitor can't end a device's connection by coming with its client id", async () => {
  const address = nextButton()
  const raw = await welcome(address.device)
  const password = Buffer.from(secretOf(monitor))
  expect(await connackOf({ device: monitor, clientId: address.device, password })).toBe(5)
  await alive(raw, address)
})

test('retain is ignored: who subscribes later is told nothing', async () => {
  const address = nextButton()
  const raw = await welcome(address.device)
  // Without a monitor that watches nothing would be passed on, and nothing retained either.
  const watching = await welcome(monitor, { clientId: 'before' })
  await subscribed(watching, 1, 'gh/v1/#')
  raw.send({ ...publishPacket(topics.heartbeat(address), heartbeat, 1), retain: true } as IPublishPacket)
  await watching.packet(isPublish)
  const later = await welcome(monitor, { clientId: 'later' })
  await subscribed(later, 1, 'gh/v1/#')
  raw.send(publishPacket(topics.event(address, 'access'), event, 2))
  const first = (await later.packet(isPublish)) as IPublishPacket
  expect([first.topic, first.retain]).toEqual([topics.event(address, 'access'), false])
})

test('MQTT 3.1 works', async () => {
  const address = nextButton()
  const raw = await welcome(address.device, { protocolId: 'MQIsdp', protocolVersion: 3 })
  await alive(raw, address)
})

test('MQTT 5 is answered with CONNACK 1, unacceptable protocol version, and the end of the connection', async () => {
  const raw = await dial(connectPacket(nextButton().device, { protocolVersion: 5 }))
  const connack = (await raw.packet(({ cmd }) => cmd === 'connack')) as IConnackPacket
  expect(connack.returnCode).toBe(1)
  await raw.closed
})

test('another protocol is answered with the end of the connection', async () => {
  const socket = connect({ port: gateway.mqttPort, host: '127.0.0.1' })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {}).resume()
  socket.write('GET / HTTP/1.1\r\nhost: gatehouse\r\n\r\n')
  await new Promise(resolve => socket.once('close', resolve))
})

test('a publish before CONNECT, and a second CONNECT, end the connection', async () => {
  const address = nextButton()
  const early = await dial(publishPacket(topics.heartbeat(address), heartbeat, 1))
  await early.closed
  const raw = await welcome(address.device)
  raw.send(connectPacket(address.device))
  await raw.closed
  expect(await eventsOf(address.device)).toEqual([])
})

test('clean session 0 keeps no session: subscriptions are gone', async () => {
  const address = nextButton()
  const first = await welcome(address.device, { clean: false })
  await subscribed(first, 1, topics.ack(address))
  first.send({ cmd: 'disconnect' })
  await first.closed
  const raw = await dial(connectPacket(address.device, { clean: false }))
  const connack = (await raw.packet(({ cmd }) => cmd === 'connack')) as IConnackPacket
  expect(connack).toMatchObject({ returnCode: 0, sessionPresent: false })
  await alive(raw, address, 1)
  expect(await subscribed(raw, 2, topics.ack(address))).toEqual([1])
  await alive(raw, address, 3)
  await raw.packet(isPublish)
  // Of the second heartbeat only: the first was acknowledged to nobody.
  expect(raw.packets.filter(isPublish)).toHaveLength(1)
})

test('a second connection of one device ends the first, whose will is journalled as its status', async () => {
  const address = nextButton()
  const payload = Buffer.from('{"status":"offline","boot":4}')
  const will = { topic: topics.status(address), payload, qos: 1 as const, retain: true }
  const first = await welcome(address.device, { will })
  const second = await welcome(address.device)
  await first.closed
  await alive(second, address)
  const events = await eventsOf(address.device)
  expect(events.map(({ kind, data }) => [kind, data])).toEqual([
    ['heartbeat', {}],
    ['status', { status: 'offline', boot: 4 }],
  ])
})

test('a will that is not valid is kept as a rejection, and one of a device that said goodbye is not published', async () => {
  const address = nextButton()
  const will = { topic: topics.status(address), payload: Buffer.from('gone'), qos: 1 as const, retain: false }
  const polite = await welcome(address.device, { will })
  polite.send({ cmd: 'disconnect' })
  await polite.closed
  const cut = await welcome(address.device, { will })
  cut.socket.destroy()
  await cut.closed
  const raw = await welcome(address.device)
  await alive(raw, address)
  const { items } = await gateway.get<{ items: RejectionView[] }>(`rejections?device=${address.device}`)
  expect(items.map(({ topic }) => topic)).toEqual([topics.status(address)])
})

test('the operator is told once a minute why a device is refused, by its id and without a secret', async () => {
  const address = nextButton()
  for (let time = 0; time < 3; time++)
    expect(await connackOf({ device: address.device, password: Buffer.from('a-wrong-secret') })).toBe(4)
  const lines = gateway.log.filter(line => line.device === address.device)
  expect(lines).toMatchObject([{ level: 'warn', msg: 'connection.closed', why: 'wrong secret' }])
  expect(JSON.stringify(gateway.log)).not.toContain('a-wrong-secret')
})
