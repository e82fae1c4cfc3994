import { once } from 'node:events'
import { createServer } from 'node:net'
import { Aedes, type AedesOptions, type Client } from 'aedes'
import { expect, onTestFinished, test } from 'vitest'
import { topics } from '../../schemas/topics.ts'
import { HeldJournal, startBroker } from '../helpers/broker.ts'
import { passage } from '../helpers/device.ts'
import { connectPacket, connectRaw, publishPacket } from '../helpers/raw-device.ts'
import { gate } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** What guarded-broker.ts and guards/ rely on in aedes and mqtt-packet, and their docs don't promise. */
async function startAedes(options: AedesOptions) {
  const broker = await Aedes.createBroker(options)
  const server = createServer(socket => void broker.handle(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    await new Promise<void>(resolve => broker.close(resolve))
    server.close()
  })
  return { broker, port: (server.address() as { port: number }).port }
}
async function device(port: number, more: object = {}) {
  const raw = await connectRaw(port, 'd', { connect: connectPacket('d', more) })
  onTestFinished(() => void raw.socket.destroy())
  await raw.packet(({ cmd }) => cmd === 'connack')
  return raw
}

test('the parser calls the methods of its own instance, and its state is as guards/parsing.ts reads it', async () => {
  const seen: unknown[] = []
  const { broker, port } = await startAedes({})
  const handle = broker.handle
  broker.handle = (stream, request) => {
    const client = handle(stream, request)
    const { _parser: parser } = client as unknown as { _parser: Parser }
    const { _parseLength, _parseConnect, _parseString, _newPacket } = Object.getPrototypeOf(parser) as Parser
    parser._parseLength = function length() {
      const isFirst = this.settings.protocolVersion === undefined
      const isKnown = _parseLength.call(this)
      seen.push(['length', isFirst, this.packet.cmd, this.packet.length])
      return isKnown
    }
    parser._parseConnect = function whole() {
      seen.push(['connect', this._list.slice(0, this.packet.length).toString('latin1', 2, 6)])
      return _parseConnect.call(this)
    }
    parser._parseString = function text() {
      const start = this._pos + 2
      const found = _parseString.call(this)
      seen.push(['text', found, this._list.slice(start, this._pos).toString()])
      return found
    }
    parser._newPacket = function done() {
      seen.push(['packet', this.packet.cmd, this._pos, this.error, this.client === client])
      return _newPacket.call(this)
    }
    return client
  }
  const raw = await device(port, { username: undefined, password: undefined })
  raw.send(publishPacket('t', 'xyz', 7))
  await raw.packet(({ cmd }) => cmd === 'puback')
  expect(seen).toEqual([
    ['length', true, 'connect', 13],
    ['connect', 'MQTT'],
    ['text', 'MQTT', 'MQTT'],
    ['text', 'd', 'd'],
    ['packet', 'connect', 13, null, true],
    ['length', false, 'publish', 8],
    ['text', 't', 't'],
    // A publish's payload is no field: it is what is left.
    ['packet', 'publish', 5, null, true],
  ])
})
type Parser = {
  packet: { cmd: string; length: number }
  client: Client
  error: Error | null
  settings: { protocolVersion?: number }
  _list: { slice(start: number, end: number): Buffer }
  _pos: number
} & Record<'_parseLength' | '_newPacket', (this: Parser) => boolean> &
  Record<'_parseConnect', (this: Parser) => unknown> &
  Record<'_parseString', (this: Parser) => string | null>

test('a subscription delivers by the functions that the client has at its first; each call has a copy of its own', async () => {
  const delivered: [name: string, packet: object, qos: number][] = []
  const { broker, port } = await startAedes({
    // What is granted is what was asked, whatever this answers.
    authorizeSubscribe: (client, subscription, done) => {
      const inside = client as unknown as Record<
        'deliver0' | 'deliverQoS',
        (packet: { qos: number }, done: () => void) => void
      >
      for (const name of ['deliver0', 'deliverQoS'] as const) {
        const deliver = inside[name]
        inside[name] = (packet, sent) => {
          delivered.push([name, packet, packet.qos])
          deliver(packet, sent)
        }
      }
      done(null, { ...subscription, qos: 2 })
    },
  })
  const raw = await device(port)
  raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 0 }] })
  expect(await raw.packet(({ cmd }) => cmd === 'suback')).toMatchObject({ granted: [0] })
  const message = { cmd: 'publish' as const, topic: 'a', payload: 'x', qos: 1 as const, retain: false, dup: true }
  await new Promise<void>(resolve => broker.publish(message, () => resolve()))
  await raw.packet(({ cmd }) => cmd === 'publish')
  expect(delivered.map(([name, , qos]) => [name, qos])).toEqual([['deliverQoS', 1]])
  expect(delivered[0]?.[1]).not.toBe(message)
})

test('clients are registered and unregistered through methods, by their ids', async () => {
  const calls: unknown[] = []
  const { broker, port } = await startAedes({})
  const inside = broker as unknown as Aedes &
    Record<'registerClient' | 'unregisterClient', (client: Client) => void> & { clients: Record<string, Client> }
  for (const name of ['registerClient', 'unregisterClient'] as const) {
    const original = inside[name]
    inside[name] = client => {
      calls.push([name, client.id, inside.clients[client.id] === client])
      original.call(broker, client)
    }
  }
  const raw = await device(port)
  const gone = once(broker, 'clientDisconnect')
  raw.socket.destroy()
  await gone
  expect(calls).toEqual([
    ['registerClient', 'd', false],
    ['unregisterClient', 'd', true],
  ])
  expect(Object.keys(inside.clients)).toEqual([])
})

test('ids of messages to a client begin with _nextId, which can be set while authenticate is asked', async () => {
  const { broker, port } = await startAedes({
    authenticate(client, _username, _password, done) {
      ;(client as unknown as { _nextId: number })._nextId = 77
      done(null, true)
    },
  })
  const raw = await device(port)
  raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 1 }] })
  await raw.packet(({ cmd }) => cmd === 'suback')
  broker.publish({ cmd: 'publish', topic: 'a', payload: 'x', qos: 1, retain: false, dup: false }, () => {})
  expect(await raw.packet(({ cmd }) => cmd === 'publish')).toMatchObject({ messageId: 77 })
})

test('a QoS 2 publish that waits for its PUBREL is kept without its payload, and a repeat of it is still known', async () => {
  const held = new HeldJournal()
  const { broker, port } = await startBroker(held)
  const raw = await connectRaw(port, gate.device)
  onTestFinished(() => void raw.socket.destroy())
  const publish = publishPacket(topics.event(gate, 'access'), JSON.stringify(passage('q-1')), 7, 2)
  raw.send(publish)
  await until(() => held.held.length === 1, 'the publish')
  held.commit()
  await raw.packet(({ cmd }) => cmd === 'pubrec')
  const client = broker.clients[gate.device]!
  const { persistence } = broker as unknown as {
    persistence: { incomingGetPacket(client: Client, packet: { messageId: number }): Promise<{ payload: unknown }> }
  }
  expect((await persistence.incomingGetPacket(client, { messageId: 7 })).payload).toHaveLength(0)
  raw.send({ cmd: 'pubrel', messageId: 7 })
  await raw.packet(({ cmd }) => cmd === 'pubcomp')
})
