import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqttPacket, { type Packet } from 'mqtt-packet'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Stats } from '../../schemas/api.ts'
import { topics } from '../../schemas/topics.ts'
import { createAuthority, tlsSettings } from '../helpers/certificates.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { dispatchTo, startEndpoint, type TestEndpoint } from '../helpers/endpoint.ts'
import { adminToken, type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { connectPacket, publishPacket } from '../helpers/raw-device.ts'
import { button, writeRegistry } from '../helpers/registry.ts'

/** MQTT over WebSocket at `/mqtt` of the HTTP port: the same devices, under the same guards as over TCP. */
const dir = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
let endpoint: TestEndpoint
let gateway: RunningGateway
let used = 0

beforeAll(async () => {
  endpoint = await startEndpoint()
  gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir, { buttons: 20 }),
    env: dispatchTo(endpoint),
  })
})
afterAll(async () => {
  const code = await gateway.stop()
  await endpoint.down()
  rmSync(dir, { recursive: true, force: true })
  expect(code).toBe(0)
})

const nextButton = () => button(++used)
const url = (path = '/mqtt') => `ws://127.0.0.1:${gateway.httpPort}${path}`
const received = async () => (await gateway.get<Stats>('stats')).received
const bytesOf = (...packets: Packet[]) => Buffer.concat(packets.map(packet => mqttPacket.generate(packet)))

/** A bare WebSocket that speaks packets. `closed` resolves with the code of its end. */
async function open(protocol = 'mqtt') {
  const socket = new WebSocket(url(), protocol)
  onTestFinished(() => socket.terminate())
  socket.on('error', () => {})
  const parser = mqttPacket.parser()
  const packets: Packet[] = []
  parser.on('packet', packet => packets.push(packet))
  socket.on('message', (data: Buffer) => parser.parse(data))
  const closed = once(socket, 'close').then(([code]) => code as number)
  await once(socket, 'open')
  const packet = async (cmd: Packet['cmd']): Promise<Packet> => {
    for (;;) {
      const found = packets.find(one => one.cmd === cmd)
      if (found !== undefined) return found
      await once(socket, 'message')
    }
  }
  return { socket, packets, packet, closed }
}
async function welcome(device: string) {
  const opened = await open()
  opened.socket.send(bytesOf(connectPacket(device)))
  expect(await opened.packet('connack')).toMatchObject({ returnCode: 0 })
  return opened
}
/** The status that an upgrade is refused with. */
async function statusOf(path: string, protocol: string | undefined, headers: Record<string, string> = {}) {
  const socket =
    protocol === undefined ? new WebSocket(url(path), { headers }) : new WebSocket(url(path), protocol, { headers })
  onTestFinished(() => socket.terminate())
  return await new Promise<number | string>(resolve => {
    socket.on('unexpected-response', (_request, response) => {
      response.resume()
      resolve(response.statusCode!)
    })
    socket.on('open', () => resolve('open'))
    socket.on('error', error => resolve(error.message))
  })
}

test('a press over WebSocket is at dispatch, and the button is told how far it is', async () => {
  const address = nextButton()
  const device = await connectDevice(url(), address, { acks: true })
  onTestFinished(() => device.end())
  await device.publish('alarm', panic('press-ws'))
  const { message } = await endpoint.next(told => told.message.data.alarm?.device.id === address.device)
  expect(message.type).toBe('alarm.raised')
})

test('MQTT 3.1 comes as mqttv3.1', async () => {
  const device = await connectDevice(url(), nextButton(), { protocolId: 'MQIsdp', protocolVersion: 3 } as object)
  onTestFinished(() => device.end())
  await device.publish('access', passage('v31'))
})

test('a wrong secret is refused with CONNACK 4', async () => {
  await expect(connectDevice(url(), nextButton(), { password: 'wrong' })).rejects.toMatchObject({ code: 4 })
})

describe('the door', () => {
  test.each<[string, number | string, string, string | undefined, Record<string, string>]>([
    ['a path beside it', 404, '/mqtt/', 'mqtt', {}],
    ['another path', 404, '/ws', 'mqtt', {}],
    ['a file of the console that is none', 404, '/assets/none', 'mqtt', {}],
    ['the API without a token', 401, '/api/v1/alarms', 'mqtt', {}],
    ['no subprotocol', 400, '/mqtt', undefined, {}],
    ['another subprotocol', 400, '/mqtt', 'chat', {}],
    ['a page of another host', 403, '/mqtt', 'mqtt', { origin: 'https://evil.example' }],
    ['a page of no host', 403, '/mqtt', 'mqtt', { origin: 'null' }],
    ['a page of its own', 'open', '/mqtt', 'mqtt', { origin: 'http://127.0.0.1:8080' }],
    ['a query', 'open', '/mqtt?x=1', 'mqtt', {}],
  ])('%s: %s', async (_, status, path, protocol, headers) => {
    expect(await statusOf(path, protocol, headers)).toBe(status)
  })

  test('a request that could be upgraded to something else is answered as if it had not asked', async () => {
    const socket = connectTcp({ host: '127.0.0.1', port: gateway.httpPort })
    onTestFinished(() => void socket.destroy())
    const head = ['GET /healthz HTTP/1.1', 'host: x', 'connection: upgrade, http2-settings', 'upgrade: h2c']
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('the guards of TCP hold', () => {
  test('text ends the connection, and nothing of it is taken [MQTT-6.0.0-1]', async () => {
    const { socket, closed, packets } = await open()
    // Without credentials all of its bytes are ASCII: as binary it would be a packet, and be answered.
    const packet = bytesOf(connectPacket(nextButton().device, { username: undefined, password: undefined }))
    expect(Math.max(...packet)).toBeLessThan(0x80)
    socket.send(packet.toString('latin1'), { binary: false })
    await closed
    expect(packets).toEqual([])
  })

  test('a packet may come in pieces, and several in one message [MQTT-6.0.0-2]', async () => {
    const address = nextButton()
    const { socket, packet, packets } = await welcome(address.device)
    const bytes = bytesOf(
      publishPacket(topics.heartbeat(address), '{}', 1),
      publishPacket(topics.heartbeat(address), '{}', 2),
      { cmd: 'pingreq' },
    )
    for (const byte of bytes.subarray(0, 9)) socket.send(Buffer.of(byte))
    socket.send(bytes.subarray(9))
    await packet('pingresp')
    while (packets.filter(({ cmd }) => cmd === 'puback').length < 2) await once(socket, 'message')
  })

  test('a packet of 200 MiB ends the connection on its header, before CONNECT and after it', async () => {
    const length200MiB = [0x80, 0x80, 0x80, 0x64]
    const early = await open()
    early.socket.send(Buffer.from([0x10, ...length200MiB]))
    await early.closed
    const late = await welcome(nextButton().device)
    late.socket.send(Buffer.from([0x32, ...length200MiB]))
    await late.closed
  })

  test('a stranger may send little in one message, a device its backlog', async () => {
    const stranger = await open()
    stranger.socket.send(Buffer.alloc(65_537))
    expect(await stranger.closed).toBe(1009)

    const address = nextButton()
    const { socket, packets } = await welcome(address.device)
    const count = 1000
    const backlog = Array.from({ length: count }, (_, index) =>
      publishPacket(topics.event(address, 'access'), JSON.stringify(passage(`b-${index}`)), index + 1),
    )
    expect(bytesOf(...backlog).length).toBeGreaterThan(150_000)
    socket.send(bytesOf(...backlog))
    const pubacks = () => packets.filter(({ cmd }) => cmd === 'puback').map(packet => packet.messageId)
    while (pubacks().length < count) await once(socket, 'message')
    expect(pubacks()).toEqual(backlog.map(({ messageId }) => messageId))

    socket.send(Buffer.alloc(1_048_577))
    await once(socket, 'close')
  })

  test('a foreign topic ends the connection', async () => {
    const before = await received()
    const { socket, closed } = await welcome(nextButton().device)
    socket.send(bytesOf(publishPacket(topics.heartbeat(button(20)), '{}', 1)))
    await closed
    expect(await received()).toBe(before)
  })

  test('a second connection of one device ends the first, whichever way they came', async () => {
    const address = nextButton()
    const first = await welcome(address.device)
    const second = await connectDevice(gateway.mqttUrl, address)
    onTestFinished(() => second.end())
    await first.closed
    const third = await welcome(address.device)
    third.socket.send(bytesOf(publishPacket(topics.heartbeat(address), '{}', 1)))
    await third.packet('puback')
  })

  test('one that is gone without a goodbye leaves nothing behind', async () => {
    const address = nextButton()
    const connections = async () => (await gateway.get<Stats>('stats')).connections
    const { socket } = await welcome(address.device)
    const before = await connections()
    socket.terminate()
    while ((await connections()) >= before) await new Promise(resolve => setImmediate(resolve))
  })
})

test('over HTTPS it is wss, and a stop ends connections that never said a word', async () => {
  const own = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  onTestFinished(() => rmSync(own, { recursive: true, force: true }))
  const authority = createAuthority(own)
  const secure = await startGateway({
    dataDir: `${own}/data`,
    registry: writeRegistry(own),
    env: tlsSettings(authority.issue('server', { for: 'server' })),
  })
  onTestFinished(() => secure.kill())
  const address = `wss://127.0.0.1:${secure.httpPort}/mqtt`
  const device = await connectDevice(address, button(1), { ca: authority.cert })
  onTestFinished(() => device.end())
  await device.publish('access', passage('wss'))
  const silent = new WebSocket(address, 'mqtt', { ca: authority.cert, headers: { authorization: adminToken } })
  await once(silent, 'open')
  const closed = once(silent, 'close')
  expect(await secure.stop()).toBe(0)
  await closed
})
