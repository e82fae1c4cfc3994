import { once } from 'node:events'
import { copyFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { connect, createServer, type TlsOptions } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { Certificates, type Loaded, loadCertificates } from '../../gateway/certificates/certificates.ts'
import type { Log } from '../../gateway/log.ts'
import { boundHandshakes } from '../../gateway/mqtt/handshakes.ts'
import { createAuthority, type Pair } from '../helpers/certificates.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { until } from '../helpers/until.ts'

/** How a renewed certificate comes in force by itself, and what Node's TLS server does with it. */
const pollMs = 10

function serve(
  loaded: Loaded | { mistakes: string[] },
  options: { now?: () => number; maxHandshakes?: number; tls?: TlsOptions } = {},
) {
  if ('mistakes' in loaded) throw new Error(loaded.mistakes.join())
  const said: { what: string; line: Record<string, unknown> }[] = []
  const say = (line: Record<string, unknown>, what: string) => void said.push({ what, line })
  const log = { info: say, warn: say } as unknown as Log
  const certificates = new Certificates(loaded, { log, clock: options.now ?? Date.now, pollMs })
  const server = createServer({ ...certificates.serverOptions, ...options.tls })
  boundHandshakes(server, options.maxHandshakes ?? 100)
  certificates.keep(server)
  onTestFinished(() => {
    certificates.stop()
    server.close()
  })
  const serial = async (ca: string) => {
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ca })
    await Promise.all([once(socket, 'secureConnect'), once(server, 'secureConnection')])
    onTestFinished(() => void socket.destroy())
    const { serialNumber } = socket.getPeerCertificate()
    return serialNumber
  }
  const told = (what: string) => said.filter(one => one.what === what).map(({ line }) => line)
  return { certificates, server, serial, told }
}
const settingsAt = (cert: string, key: string) => ({
  cert: { name: 'CERT', file: cert },
  key: { name: 'KEY', file: key },
  ca: undefined,
})
const listening = async (server: ReturnType<typeof serve>['server']) => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('secrets behind symbolic links that are turned over come in force by themselves, once', async () => {
  const dir = temporaryDirectory()
  const authority = createAuthority(dir)
  // As Kubernetes lays them down: files are links into `..data`, which is a link to the version in force.
  const version = (name: string, pair: Pair) => {
    mkdirSync(join(dir, name))
    copyFileSync(pair.certFile, join(dir, name, 'tls.crt'))
    copyFileSync(pair.keyFile, join(dir, name, 'tls.key'))
    symlinkSync(name, join(dir, '..data-new'))
    renameSync(join(dir, '..data-new'), join(dir, '..data'))
  }
  version('v1', authority.issue('first', { for: 'server' }))
  for (const file of ['tls.crt', 'tls.key']) symlinkSync(join('..data', file), join(dir, file))
  const { server, serial, told } = serve(loadCertificates(settingsAt(join(dir, 'tls.crt'), join(dir, 'tls.key'))))
  await listening(server)
  const before = await serial(authority.cert)
  version('v2', authority.issue('second', { for: 'server' }))
  await until(() => told('certificate.renewed').length > 0, 'the renewal')
  expect(await serial(authority.cert)).not.toBe(before)
  expect(told('certificate.renewed')).toHaveLength(1)
})

test('a renewal that is half written is told of once, and taken when it is whole', async () => {
  const dir = temporaryDirectory()
  const authority = createAuthority(dir)
  const place = authority.issue('place', { for: 'server' })
  const next = authority.issue('next', { for: 'server' })
  const { server, serial, told, certificates } = serve(loadCertificates(settingsAt(place.certFile, place.keyFile)))
  await listening(server)
  const before = await serial(authority.cert)
  writeFileSync(place.certFile, next.cert)
  await until(() => told('certificate.refused').length > 0, 'the refusal')
  expect(await serial(authority.cert)).toBe(before)
  writeFileSync(place.keyFile, next.key)
  await until(() => told('certificate.renewed').length > 0, 'the renewal')
  expect(await serial(authority.cert)).not.toBe(before)
  expect(told('certificate.refused')).toHaveLength(1)
  expect(certificates.reload()).toEqual({ renewed: false })
})

test('one that expires soon is told of at the start and then once a day', async () => {
  const authority = createAuthority(temporaryDirectory())
  const { certFile, keyFile } = authority.issue('soon', { for: 'server', days: 2 })
  let now = Date.now()
  const { told } = serve(loadCertificates(settingsAt(certFile, keyFile)), { now: () => now })
  expect(told('certificate.warning')).toEqual([
    { warning: expect.stringMatching(/^CERT: .* expires at .*; renew it$/) },
  ])
  now += 3 * 86_400_000
  await until(() => told('certificate.warning').length > 1, 'the reminder')
  expect(told('certificate.warning')).toEqual([
    expect.anything(),
    { warning: expect.stringMatching(/^CERT: .* has expired at /) },
  ])
})

test('connections that only wait in the handshake give way to a newcomer, the oldest first', async () => {
  const authority = createAuthority(temporaryDirectory())
  const { certFile, keyFile } = authority.issue('server', { for: 'server' })
  const { server, serial } = serve(loadCertificates(settingsAt(certFile, keyFile)), { maxHandshakes: 2 })
  const port = await listening(server)
  const idle = async () => {
    const socket = connectTcp({ port, host: '127.0.0.1' })
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
    const closed = once(socket, 'close')
    await Promise.all([once(socket, 'connect'), once(server, 'connection')])
    return { socket, closed }
  }
  const [first, second] = [await idle(), await idle()]
  await serial(authority.cert)
  await first.closed
  expect(second.socket.destroyed).toBe(false)
  // Who is through counts no more, however many there are.
  for (let count = 0; count < 3; count++) await serial(authority.cert)
  expect(second.socket.destroyed).toBe(false)
})

test('who does not finish the handshake in time is cut, and that is told', async () => {
  const authority = createAuthority(temporaryDirectory())
  const { certFile, keyFile } = authority.issue('server', { for: 'server' })
  const loaded = loadCertificates(settingsAt(certFile, keyFile))
  expect(serve(loaded).certificates.serverOptions.handshakeTimeout).toBe(10_000)
  const { server, told } = serve(loaded, { tls: { handshakeTimeout: 50 } })
  const socket = connectTcp({ port: await listening(server), host: '127.0.0.1' })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'close')
  expect(told('tls.refused')).toEqual([{ code: 'ERR_TLS_HANDSHAKE_TIMEOUT', count: 1 }])
})
