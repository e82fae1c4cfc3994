import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startPermissive } from '../conformance/permissive.ts'
import { connectPacket, connectRaw } from '../helpers/raw-device.ts'

/** What a stranger may cost before it has shown who it is, and how long a client may be silent. */
async function start(options: Parameters<typeof startPermissive>[2] = {}) {
  const { broker, port, stop } = await startPermissive('127.0.0.1', 0, options)
  onTestFinished(stop)
  const dial = async () => {
    const raw = await connectRaw(port, 'd', { connect: null })
    onTestFinished(() => void raw.socket.destroy())
    return raw
  }
  return { broker, port, dial }
}
const why = async (broker: {
  once: (event: 'connectionError', heard: (client: object, error: Error) => void) => unknown
}) => new Promise<string>(resolve => broker.once('connectionError', (_client, { message }) => resolve(message)))

test('who connects and says nothing, or no whole CONNECT, is cut', async () => {
  const { broker, dial } = await start({ connectTimeoutMs: 100 })
  for (const bytes of [[], [0x10], [0x10, 60, 0, 4]]) {
    const cut = why(broker)
    const raw = await dial()
    raw.socket.write(Buffer.from(bytes))
    await raw.closed
    expect([raw.packets, await cut]).toEqual([[], 'connect did not arrive in time'])
  }
})

test('a CONNECT of 8 KiB is taken; one byte more ends the connection on its header', async () => {
  const { dial } = await start()
  const will = (bytes: number) => ({ topic: 'w', payload: Buffer.alloc(bytes), qos: 0 as const, retain: false })
  const { default: mqttPacket } = await import('mqtt-packet')
  const empty = mqttPacket.generate(connectPacket('d', { will: will(6000) })).length - 3 - 6000
  const raw = await dial()
  raw.send(connectPacket('d', { will: will(8192 - empty) }))
  await raw.packet(({ cmd }) => cmd === 'connack')
  const stranger = await dial()
  stranger.socket.write(Buffer.from([0x10, 0x81, 0x40]))
  await stranger.closed
})

test('a connection that may not come in is closed at once, and the log can say what to set', async () => {
  const { broker, port, dial } = await start({ limits: { maxConnections: 1, maxConnectionsPerAddress: 1 } })
  const raw = await dial()
  raw.send(connectPacket('d'))
  await raw.packet(({ cmd }) => cmd === 'connack')
  const refusal = why(broker)
  const refused = connect({ port, host: '127.0.0.1' })
  refused.on('error', () => {})
  await once(refused, 'close')
  expect(await refusal).toContain('GATEHOUSE_MQTT_MAX_CONNECTIONS')
  raw.send({ cmd: 'pingreq' })
  await raw.packet(({ cmd }) => cmd === 'pingresp')
})

test.each([
  [0, 600],
  [65_535, 600],
  [601, 600],
  [60, 60],
])('a keepalive of %i s is kept as %i s', async (asked, kept) => {
  const { broker, dial } = await start()
  const raw = await dial()
  raw.send(connectPacket('d', { keepalive: asked }))
  await raw.packet(({ cmd }) => cmd === 'connack')
  // One and a half times it [MQTT-3.1.2-24].
  expect((broker.clients.d as unknown as { _keepaliveInterval: number })._keepaliveInterval).toBe(kept * 1500 + 1)
})

test('an end closes those too who have not logged in', async () => {
  const { broker, port, stop } = await startPermissive('127.0.0.1', 0)
  const raw = await connectRaw(port, 'd', { connect: null })
  const inside = await connectRaw(port, 'e')
  await stop()
  await Promise.all([raw.closed, inside.closed])
  expect(broker.connectedClients).toBe(0)
})
