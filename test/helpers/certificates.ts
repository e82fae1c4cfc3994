import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { adminToken } from './gateway.ts'

/** Certificates of the tests, made by the `openssl` program in a directory of the test's. */
export type Pair = { certFile: string; keyFile: string; cert: string; key: string }
export type Authority = Pair & {
  /** One that it signs. `days` may be negative: it has expired. */
  issue(name: string, options?: { for?: 'server' | 'client'; days?: number; subject?: string }): Pair
}

const openssl = (...words: string[]) => void execFileSync('openssl', words, { stdio: 'pipe' })
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
const extensions = (...list: string[]) => list.flatMap(extension => ['-addext', extension])

function pairAt(dir: string, name: string): Pair {
  const [certFile, keyFile] = [join(dir, `${name}.pem`), join(dir, `${name}.key`)]
  return {
    certFile,
    keyFile,
    get cert() {
      return readFileSync(certFile, 'utf8')
    },
    get key() {
      return readFileSync(keyFile, 'utf8')
    },
  }
}

export function createAuthority(dir: string, name = 'ca'): Authority {
  const own = pairAt(dir, name)
  const { certFile, keyFile } = own
  const whatFor = extensions('basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign')
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    keyFile,
    '-out',
    certFile,
    '-subj',
    `/CN=${name}`,
    '-days',
    '30',
    ...whatFor,
  )
  return Object.assign(own, {
    issue(leaf: string, options: { for?: 'server' | 'client'; days?: number; subject?: string } = {}): Pair {
      const pair = pairAt(dir, leaf)
      const request = join(dir, `${leaf}.csr`)
      const isServer = options.for === 'server'
      const usage = extensions(
        'basicConstraints=critical,CA:FALSE',
        `extendedKeyUsage=${isServer ? 'serverAuth' : 'clientAuth'}`,
        ...(isServer ? ['subjectAltName=DNS:localhost,IP:127.0.0.1'] : []),
      )
      const subject = options.subject ?? `/CN=${leaf}`
      openssl('req', '-new', ...newKey, '-keyout', pair.keyFile, '-out', request, '-subj', subject, ...usage)
      const signer = ['-CA', certFile, '-CAkey', keyFile, '-copy_extensions', 'copyall']
      openssl('x509', '-req', '-in', request, ...signer, '-days', String(options.days ?? 30), '-out', pair.certFile)
      return pair
    },
  })
}

/** Puts the one in the place of the other, as a renewal does. */
export function replacePair(place: Pair, by: Pair): void {
  writeFileSync(place.certFile, by.cert)
  writeFileSync(place.keyFile, by.key)
}

export const tlsSettings = (server: Pair, clients?: Authority): Record<string, string> => ({
  GATEHOUSE_TLS_CERT: server.certFile,
  GATEHOUSE_TLS_KEY: server.keyFile,
  GATEHOUSE_MQTTS_PORT: '0',
  ...(clients && { GATEHOUSE_TLS_CA: clients.certFile }),
})

/** GET over HTTPS as admin: the status and the body. Rejects when the connection fails. */
export function getSecurely(
  port: number,
  path: string,
  options: { ca: string; cert?: string; key?: string },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${adminToken}` }
    // agent false: a connection of its own.
    request({ host: '127.0.0.1', port, path, headers, agent: false, ...options }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, body }))
    })
      .on('error', reject)
      .end()
  })
}
