import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { topics } from '../../schemas/topics.ts'
import { createAuthority, getSecurely, type Pair, replacePair, tlsSettings } from '../helpers/certificates.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { dispatchTo, startEndpoint, type TestEndpoint } from '../helpers/endpoint.ts'
import { failToStart, type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { button, secretOf, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** MQTT over TLS and HTTPS at one real gateway, and its certificate renewed under way. */
const dir = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
const registry = writeRegistry(dir, { buttons: 8 })
const authority = createAuthority(dir)
const ca = authority.cert
const issued: Pair = authority.issue('server', { for: 'server' })
let endpoint: TestEndpoint
let gateway: RunningGateway

beforeAll(async () => {
  endpoint = await startEndpoint()
  gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry,
    env: { ...dispatchTo(endpoint), ...tlsSettings(issued) },
  })
})
afterAll(async () => {
  const code = await gateway.stop()
  await endpoint.down()
  rmSync(dir, { recursive: true, force: true })
  expect(code).toBe(0)
})

const mqttsUrl = () => `mqtts://127.0.0.1:${gateway.mqttsPort}`
async function device(number: number) {
  const connected = await connectDevice(mqttsUrl(), button(number), { ca })
  onTestFinished(() => connected.end())
  return connected
}
/** A handshake with one port: the socket, or the error's code. */
async function shake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket | string> {
  const socket = connectTls({ host: '127.0.0.1', port, ca, ...options })
  onTestFinished(() => void socket.destroy())
  return await Promise.race([
    once(socket, 'secureConnect').then(() => socket),
    once(socket, 'error').then(([error]) => (error as NodeJS.ErrnoException).code ?? 'error'),
    once(socket, 'close').then(() => 'closed'),
  ]).catch((error: NodeJS.ErrnoException) => error.code ?? 'error')
}
const serialOf = async (port: number): Promise<string | undefined> => {
  const socket = await shake(port)
  return typeof socket === 'string' ? undefined : socket.getPeerCertificate().serialNumber
}
const logged = (msg: string) => gateway.log.filter(line => line.msg === msg)

test('a press over TLS is at dispatch, and HTTPS shows its alarm', async () => {
  const { publish } = await device(1)
  await publish('alarm', panic('press-tls'))
  const { message } = await endpoint.next(told => told.message.data.alarm?.device.id === 'button-1')
  expect(message.type).toBe('alarm.raised')
  const { status, body } = await getSecurely(gateway.httpPort, `/api/v1/alarms/${message.subject}`, { ca })
  expect([status, (JSON.parse(body) as { trigger: string }).trigger]).toEqual([200, 'panic'])
})

test('the simulator presses over TLS with the authority in NODE_EXTRA_CA_CERTS', async () => {
  const secrets = join(dir, 'secrets.json')
  writeFileSync(secrets, JSON.stringify({ devices: { 'button-2': secretOf('button-2') }, accounts: {} }))
  const words = ['press', '--site', 'school-01', '--device', 'button-2', '--seconds', '0', '--mode', 'test']
  const files = ['--registry', registry, '--secrets', secrets, '--url', mqttsUrl()]
  const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: authority.certFile }
  const { stdout } = await promisify(execFile)(process.execPath, ['device-sim/main.ts', ...words, ...files], {
    env,
    cwd: join(import.meta.dirname, '../..'),
  })
  expect(stdout).toContain("it is on the gateway's disk")
}, 20_000)

test('TLS 1.2 with forward secrecy and TLS 1.3 are spoken, on both ports, and nothing older', async () => {
  for (const port of [gateway.mqttsPort, gateway.httpPort]) {
    const spoken = async (options: ConnectionOptions) => {
      const socket = await shake(port, options)
      return typeof socket === 'string' ? socket : socket.getProtocol()
    }
    expect(await spoken({})).toBe('TLSv1.3')
    expect(await spoken({ maxVersion: 'TLSv1.2' })).toBe('TLSv1.2')
    // Offered with the level that still allows them, so that it is the gateway that refuses.
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const
    expect(await spoken(old)).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
    for (const ciphers of ['ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES256-SHA', 'AES128-GCM-SHA256'])
      expect(await spoken({ maxVersion: 'TLSv1.2', ciphers }), ciphers).toMatch(/HANDSHAKE_FAILURE$/)
  }
})

test.each(['mqttsPort', 'httpPort'] as const)(
  '%s: whoever speaks no TLS is cut, and the log says it with a code only',
  async port => {
    const socket = connectTcp({ host: '127.0.0.1', port: gateway[port] })
    socket.on('error', () => {}).resume()
    socket.write('GET /hello-from-a-stranger HTTP/1.1\r\nhost: gatehouse\r\n\r\n')
    await once(socket, 'close')
    await until(() => logged('tls.refused').length > 0, 'the line')
    expect(logged('tls.refused')[0]).toMatchObject({ level: 'warn', code: expect.stringMatching(/^ERR_SSL_/) })
    expect(JSON.stringify(gateway.log)).not.toContain('stranger')
  },
)

test('a packet that is too large ends a connection over TLS on its header', async () => {
  const { client } = await device(3)
  const cut = new Promise(resolve => client.once('close', () => resolve(undefined)))
  client.publish(topics.heartbeat(button(3)), Buffer.alloc(70_000, 'x'), { qos: 1 }, () => {})
  await cut
})

describe('renewal', () => {
  const refusedBefore = () => logged('certificate.refused').length

  test('on SIGHUP new connections get the renewed certificate on both ports, and open ones stay', async () => {
    const staying = await device(4)
    const renewed = authority.issue('renewed', { for: 'server' })
    const before = await serialOf(gateway.mqttsPort)
    replacePair(issued, renewed)
    gateway.signal('SIGHUP')
    await until(() => logged('certificate.renewed').length === 1, 'the renewal')
    for (const port of [gateway.mqttsPort, gateway.httpPort]) {
      const serial = await serialOf(port)
      expect(serial).toBeDefined()
      expect(serial).not.toBe(before)
    }
    await staying.publish('access', passage('after-renewal'))
    await (await device(5)).publish('access', passage('with-renewed'))
  })

  test('a broken one keeps the old in force and is told of; a good one after it is taken', async () => {
    const serial = await serialOf(gateway.mqttsPort)
    const next = authority.issue('next', { for: 'server' })
    const count = refusedBefore()
    writeFileSync(issued.certFile, next.cert)
    gateway.signal('SIGHUP')
    await until(() => refusedBefore() > count, 'the refusal')
    expect(logged('certificate.refused').at(-1)).toMatchObject({
      level: 'warn',
      mistakes: [
        expect.stringMatching(/^GATEHOUSE_TLS_KEY: .* is not the key of the certificate in GATEHOUSE_TLS_CERT/),
      ],
    })
    expect(await serialOf(gateway.mqttsPort)).toBe(serial)
    const renewals = logged('certificate.renewed').length
    replacePair(issued, next)
    gateway.signal('SIGHUP')
    await until(() => logged('certificate.renewed').length > renewals, 'the renewal')
    expect(await serialOf(gateway.mqttsPort)).not.toBe(serial)
  })
})

test('every mistake about certificates comes with the others', async () => {
  const other = authority.issue('other', { for: 'server' })
  const { code, stderr } = await failToStart({
    dataDir: `${dir}/none`,
    registry,
    env: {
      GATEHOUSE_TLS_CERT: other.certFile,
      GATEHOUSE_TLS_KEY: issued.keyFile,
      GATEHOUSE_TLS_CA: other.keyFile,
      GATEHOUSE_RETENTION_DAYS: '0',
    },
  })
  expect(stderr.trimEnd().split('\n')).toEqual([
    "Gatehouse can't start:",
    '  GATEHOUSE_RETENTION_DAYS: 0 is not a number of days (1–3650)',
    `  GATEHOUSE_TLS_CA: ${other.keyFile}: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`,
    `  GATEHOUSE_TLS_KEY: ${issued.keyFile}: is not the key of the certificate in GATEHOUSE_TLS_CERT: ${other.certFile}`,
  ])
  expect(code).toBe(78)
})
