import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type IClientOptions } from 'mqtt'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { EventView } from '../../schemas/api.ts'
import { topics } from '../../schemas/topics.ts'
import { createAuthority, getSecurely, type Pair, replacePair, tlsSettings } from '../helpers/certificates.ts'
import { connectDevice, passage } from '../helpers/device.ts'
import { type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { button, gate, monitor, secretOf, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** Client certificates: the common name is the device id (contract 2), over MQTT and over WebSocket. */
const dir = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
const servers = createAuthority(dir, 'servers')
const devices = createAuthority(dir, 'devices')
const strangers = createAuthority(dir, 'strangers')
const ca = servers.cert
let gateway: RunningGateway

beforeAll(async () => {
  gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir, { buttons: 9, disabled: ['button-8'] }),
    env: tlsSettings(servers.issue('server', { for: 'server' }), devices),
  })
})
afterAll(async () => {
  const code = await gateway.stop()
  rmSync(dir, { recursive: true, force: true })
  expect(code).toBe(0)
})

const ways = ['mqtts', 'wss'] as const
const urlOf = (way: (typeof ways)[number]) =>
  way === 'mqtts' ? `mqtts://127.0.0.1:${gateway.mqttsPort}` : `wss://127.0.0.1:${gateway.httpPort}/mqtt`
const shown = ({ cert, key }: Pair) => ({ cert, key })

/** Connects as said and no more; `undefined`: it is in, else CONNACK's code or how the connection failed. */
async function refusalOf(way: (typeof ways)[number], given: IClientOptions): Promise<number | string | undefined> {
  const options = { ca, protocolVersion: 4, reconnectPeriod: 0, clean: true, connectTimeout: 5000, ...given } as const
  try {
    const client = await connectAsync(urlOf(way), options, false)
    await client.endAsync(true)
    return undefined
  } catch (error) {
    const { code, message } = error as Error & { code?: number | string }
    return code ?? message
  }
}

test.each(ways)('%s: a device shows its certificate and needs neither user name nor password', async way => {
  const address = button(way === 'mqtts' ? 1 : 2)
  const certificate = devices.issue(`${address.device}-cert`, { subject: `/O=Zone/CN=${address.device}` })
  const device = await connectDevice(urlOf(way), address, {
    ca,
    ...shown(certificate),
    username: undefined,
    password: undefined,
    acks: true,
  } as object)
  onTestFinished(() => device.end())
  await device.publish('access', passage(`by-certificate-${way}`))
  await until(() => device.acks.length > 0, 'the ack')
  const { body } = await getSecurely(gateway.httpPort, `/api/v1/events?device=${address.device}`, { ca })
  expect((JSON.parse(body) as { items: EventView[] }).items).toHaveLength(1)
})

test('who shows a certificate is who it names and nobody else', async () => {
  const certificate = shown(devices.issue('button-3'))
  const as = (clientId: string, more: IClientOptions = {}) => refusalOf('mqtts', { ...certificate, clientId, ...more })
  expect(await as('button-3', { username: 'button-3' })).toBeUndefined()
  // Its own name with any password: the certificate is what counts.
  expect(await as('button-3', { username: 'button-3', password: 'wrong' })).toBeUndefined()
  expect(await as('button-4')).toBe(5)
  expect(await as('')).toBe(5)
  expect(await as('button-4', { username: 'button-4', password: secretOf('button-4') })).toBe(5)
  expect(await as('button-3', { username: 'button-4' })).toBe(5)
})

test('a common name that is no device or account, or not one name, is refused with CONNACK 5', async () => {
  const as = (pair: Pair, clientId: string) => refusalOf('mqtts', { ...shown(pair), clientId })
  expect(await as(devices.issue('nobody'), 'nobody')).toBe(5)
  expect(await as(devices.issue('without', { subject: '/O=Zone' }), 'button-4')).toBe(5)
  expect(await as(devices.issue('two', { subject: '/CN=button-4/CN=button-5' }), 'button-4')).toBe(5)
  expect(await as(devices.issue('proto', { subject: '/CN=__proto__' }), '__proto__')).toBe(5)
})

test.each(ways)(
  '%s: a certificate of another authority, an expired one, or one for a server does not come in',
  async way => {
    const as = (pair: Pair) =>
      refusalOf(way, { ...shown(pair), clientId: 'button-5', username: 'button-5', password: secretOf('button-5') })
    const named = { subject: '/CN=button-5' }
    const refused = [
      strangers.issue(`stranger-${way}`, named),
      devices.issue(`expired-${way}`, { ...named, days: -1 }),
      devices.issue(`server-${way}`, { ...named, for: 'server' }),
    ]
    for (const pair of refused) {
      const refusal = await as(pair)
      expect(refusal).toBeDefined()
      expect(typeof refusal, 'no CONNACK').toBe('string')
    }
    expect(gateway.log.some(({ msg, code }) => msg === 'tls.refused' && typeof code === 'string')).toBe(true)
  },
)

test('a device without a certificate still logs in with its secret, and only with it', async () => {
  const device = await connectDevice(urlOf('mqtts'), button(6), { ca })
  onTestFinished(() => device.end())
  await device.publish('access', passage('by-password'))
  expect(await refusalOf('mqtts', { clientId: 'button-6', username: 'button-6', password: 'wrong' })).toBe(4)
  expect(await refusalOf('mqtts', { clientId: 'button-6' })).toBe(4)
})

test('a disabled device is refused, whatever it shows', async () => {
  const secret = { username: 'button-8', password: secretOf('button-8') }
  expect(await refusalOf('mqtts', { ...shown(devices.issue('button-8')), clientId: 'button-8' })).toBe(5)
  expect(await refusalOf('mqtts', { ...secret, clientId: 'button-8' })).toBe(5)
})

test("a monitor's certificate sees and may not publish, nor take a device's client id", async () => {
  const certificate = shown(devices.issue('monitor', { subject: `/CN=${monitor}` }))
  const watching = await connectAsync(
    urlOf('mqtts'),
    { ca, ...certificate, clientId: 'laptop', reconnectPeriod: 0 },
    false,
  )
  onTestFinished(() => watching.endAsync(true))
  await watching.subscribeAsync('gh/v1/#', { qos: 1 })
  const seen = new Promise<string>(resolve => watching.once('message', topic => resolve(topic)))
  const device = await connectDevice(urlOf('mqtts'), gate, { ca })
  onTestFinished(() => device.end())
  await device.publish('access', passage('watched'))
  expect(await seen).toBe(topics.event(gate, 'access'))
  expect(await refusalOf('mqtts', { ...certificate, clientId: gate.device })).toBe(5)
})

test('a resumed session keeps its identity, and a changed authority voids it', async () => {
  const { connect } = await import('node:tls')
  const certificate = shown(devices.issue('button-7'))
  const handshake = async (session?: Buffer) => {
    const socket = connect({
      host: '127.0.0.1',
      port: gateway.mqttsPort,
      ca,
      ...certificate,
      ...(session && { session }),
    })
    onTestFinished(() => void socket.destroy())
    const ticket = new Promise<Buffer>(resolve => socket.once('session', resolve))
    await new Promise((resolve, reject) => socket.once('secureConnect', () => resolve(undefined)).once('error', reject))
    return { socket, ticket }
  }
  const { ticket } = await handshake()
  expect((await handshake(await ticket)).socket.isSessionReused()).toBe(true)
  const before = gateway.log.length
  replacePair(devices, createAuthority(dir, 'next'))
  gateway.signal('SIGHUP')
  await until(() => gateway.log.slice(before).some(({ msg }) => msg === 'certificate.renewed'), 'the renewal')
  // Had the ticket been taken, the certificate of the authority before would have come in with it.
  expect(
    await refusalOf('mqtts', { ...certificate, clientId: 'button-7', session: await ticket } as IClientOptions),
  ).toEqual(expect.any(String))
})
