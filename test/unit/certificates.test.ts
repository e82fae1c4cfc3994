import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadCertificates } from '../../gateway/certificates/certificates.ts'
import { checkCertificates, lifeWarnings, type Pem } from '../../gateway/certificates/checks.ts'
import { createAuthority } from '../helpers/certificates.ts'
import { temporaryDirectory } from '../helpers/directory.ts'

const pem = (where: string, text: string): Pem => ({ where, text })
function world() {
  const dir = temporaryDirectory()
  const ca = createAuthority(dir)
  return { dir, ca, server: ca.issue('server', { for: 'server' }), other: ca.issue('other') }
}
const mistakesOf = (cert: string, key: string, ca?: string): string[] => {
  const found = checkCertificates({
    cert: pem('CERT', cert),
    key: pem('KEY', key),
    ca: ca === undefined ? undefined : pem('CA', ca),
  })
  return 'mistakes' in found ? found.mistakes : []
}

test('a certificate, its key and an authority that fit have no mistakes, with their chain too', () => {
  const { ca, server } = world()
  expect(mistakesOf(server.cert, server.key, ca.cert)).toEqual([])
  expect(mistakesOf(server.cert + ca.cert, server.key, ca.cert + ca.cert)).toEqual([])
})

test('whatever does not fit is named, with what to do', () => {
  const { ca, server, other } = world()
  const damaged = (text: string) => text.replace(/\n[A-Za-z0-9+/=]{20}/, '\nAAAAAAAAAAAAAAAAAAAA')
  const locked = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n'
  expect(mistakesOf(server.cert, other.key)).toEqual(['KEY: is not the key of the certificate in CERT'])
  expect(mistakesOf(ca.cert + server.cert, server.key)).toEqual([
    'CERT: KEY belongs to its certificate 2; put that one first',
  ])
  expect(mistakesOf(server.key, server.cert)).toEqual([
    'CERT: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)',
    'KEY: holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)',
  ])
  expect(mistakesOf(damaged(server.cert), server.key)).toEqual(["CERT: certificate 1 can't be read; it is damaged"])
  expect(mistakesOf(server.cert, damaged(server.key))).toEqual(["KEY: the private key can't be read; it is damaged"])
  expect(mistakesOf(server.cert, locked)).toEqual([expect.stringMatching(/^KEY: is protected by a passphrase/)])
  expect(mistakesOf(server.cert, server.key, 'x')).toEqual([expect.stringMatching(/^CA: holds no certificate/)])
  expect(mistakesOf(server.cert, server.key, other.cert)).toEqual([
    "CA: certificate 1 is not an authority's (CA:TRUE); name the one that signs",
  ])
})

test('no mistake shows a part of a key', () => {
  const { server, other } = world()
  const secret = other.key.split('\n')[1]!
  for (const mistakes of [
    mistakesOf(other.key, other.key),
    mistakesOf(server.cert, other.key),
    mistakesOf('', secret),
  ]) {
    expect(mistakes.length).toBeGreaterThan(0)
    expect(mistakes.join()).not.toContain(secret)
  }
})

test('what has expired, is not valid yet or expires soon is a warning and still served', () => {
  const { ca, server } = world()
  const found = checkCertificates({
    cert: pem('CERT', server.cert),
    key: pem('KEY', server.key),
    ca: pem('CA', ca.cert),
  })
  if ('mistakes' in found) throw new Error(found.mistakes.join())
  const { from, until } = found.lives[0]!
  const day = 86_400_000
  expect(lifeWarnings(found.lives, from)).toEqual([])
  expect(lifeWarnings([found.lives[0]!], until - day)).toEqual([
    `CERT: expires at ${new Date(until).toISOString()}; renew it`,
  ])
  expect(lifeWarnings(found.lives, until + day)).toEqual([
    expect.stringMatching(/^CERT: has expired at /),
    expect.stringMatching(/^CA: has expired at /),
  ])
  expect(lifeWarnings(found.lives, from - day)[0]).toMatch(/^CERT: is valid from .* look at the clock/)
})

test('a certificate that names no host is a warning', () => {
  const { other, server } = world()
  const warningsOf = ({ cert, key }: { cert: string; key: string }) => {
    const found = checkCertificates({ cert: pem('CERT', cert), key: pem('KEY', key), ca: undefined })
    return 'mistakes' in found ? found.mistakes : found.warnings
  }
  expect(warningsOf(server)).toEqual([])
  expect(warningsOf(other)).toEqual([expect.stringMatching(/^CERT: names no host/)])
})

test('files that can not be read are all named; a PEM may stand in the setting itself', () => {
  const { dir, server } = world()
  const large = join(dir, 'large.pem')
  writeFileSync(large, 'x'.repeat(1_048_577))
  expect(
    loadCertificates({
      cert: { name: 'CERT', file: join(dir, 'none.pem') },
      key: { name: 'KEY', file: dir },
      ca: { name: 'CA', file: large },
    }),
  ).toEqual({
    mistakes: [
      expect.stringMatching(/^CERT: .*none\.pem can't be read \(ENOENT/),
      expect.stringMatching(/^KEY: .* can't be read \(EISDIR/),
      `CA: ${large}: is larger than 1048576 bytes`,
    ],
  })
  const loaded = loadCertificates({
    cert: { name: 'CERT', pem: server.cert },
    key: { name: 'KEY', file: server.keyFile },
    ca: undefined,
  })
  expect(loaded).toMatchObject({ context: { cert: server.cert, key: server.key } })
})
