import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { headersOf, isTls } from '../../gateway/api/headers.ts'
import { ports, startApi } from './api-world.ts'

/** What a page from elsewhere, or somebody with a socket, may try. */

function counting() {
  let acted = 0
  const one = async () => void acted++ as undefined
  const all = {
    actions: { ...ports.actions, act: one },
    retries: { retry: one },
    endpoints: { test: one },
    replay: { replay: one },
  }
  return { ports: all, acted: () => acted }
}

describe('a body', () => {
  test.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
    'application/json-patch',
    'application/jsonx',
    'json',
    'application/json text/plain',
  ])('sent as %s does nothing: 415', async type => {
    const { ports, acted } = counting()
    const { ask } = await startApi(ports)
    const headers = { authorization: 'Bearer token-of-admin', 'content-type': type }
    for (const path of ['alarms/a-1/acknowledge', 'deliveries/2/retry', 'endpoints/e/test', 'rejections/9/replay']) {
      const { status, json } = await ask(`/api/v1/${path}`, { method: 'POST', headers, body: '{"by":"王"}' })
      expect([path, status, json.status]).toEqual([path, 415, 415])
    }
    expect(acted()).toBe(0)
  })

  test('without a type does nothing either, and none at all is fine where none is needed', async () => {
    const { ports, acted } = counting()
    const { port, post } = await startApi(ports)
    const socket = connect(port, '127.0.0.1')
    socket.write(
      'POST /api/v1/endpoints/e/test HTTP/1.1\r\nhost: x\r\nauthorization: Bearer token-of-admin\r\ncontent-length: 2\r\n\r\n{}',
    )
    expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1.1 415 /)
    socket.destroy()
    expect(acted()).toBe(0)
    const admin = { authorization: 'Bearer token-of-admin' }
    expect((await post('endpoints/e/test', undefined, admin)).status).toBe(404)
    expect((await post('endpoints/e/test', {}, admin)).status).toBe(404)
    expect(acted()).toBe(2)
  })

  test.each(['{"by":"x","__proto__":{"role":"admin"}}', '{"by":"x","constructor":{"prototype":{"a":1}}}'])(
    'of %s is refused',
    async body => {
      const { ports, acted } = counting()
      const { ask } = await startApi(ports)
      const headers = { authorization: 'Bearer token-of-dispatcher', 'content-type': 'application/json' }
      expect((await ask('/api/v1/alarms/a-1/acknowledge', { method: 'POST', headers, body })).status).toBe(400)
      expect(acted()).toBe(0)
    },
  )
})

test('a token counts in its header only: not in the URL, not as a cookie, not as basic', async () => {
  const { ask } = await startApi()
  for (const [path, headers] of [
    ['/api/v1/sites?token=token-of-admin', {}],
    ['/api/v1/sites?access_token=token-of-admin', {}],
    ['/api/v1/sites', { cookie: 'token=token-of-admin; authorization=Bearer token-of-admin' }],
    ['/api/v1/sites', { authorization: `Basic ${btoa('admin:token-of-admin')}` }],
    ['/api/v1/sites', { 'x-api-key': 'token-of-admin' }],
  ] as const)
    expect((await ask(path, { headers })).status).toBe(401)
})

test('nothing is shared with a page from elsewhere, and nobody is asked to keep a cookie', async () => {
  const { ask } = await startApi()
  const origin = { origin: 'https://evil.example', authorization: 'Bearer token-of-admin' }
  for (const answer of [
    await ask('/api/v1/sites', { headers: origin }),
    await ask('/healthz', { headers: origin }),
    await ask('/docs', { headers: origin }),
    await ask('/api/v1/alarms/a-1/acknowledge', {
      method: 'OPTIONS',
      headers: {
        ...origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    }),
  ]) {
    expect([...answer.headers.keys()].filter(name => /^access-control|^set-cookie/.test(name))).toEqual([])
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(answer.headers.get('x-frame-options')).toBe('DENY')
    expect(answer.headers.get('strict-transport-security')).toBeNull()
  }
})

test('over TLS an answer asks for TLS the next time', () => {
  expect(headersOf('data', true)['strict-transport-security']).toBe('max-age=31536000')
  expect([isTls({ socket: { encrypted: true } }), isTls({ socket: {} })]).toEqual([true, false])
})

test.each(['TRACE', 'PROPFIND', 'QUERY', 'PATCH', 'PUT', 'MKCOL', 'SEARCH', 'PURGE', 'OPTIONS'])(
  'the method %s does nothing, with or without a token, and what was sent does not come back',
  async method => {
    const { port } = await startApi()
    const first = async (path: string, more = '', body = '') => {
      const text = await firstAnswer(
        port,
        `${method} ${path} HTTP/1.1\r\nhost: x\r\nx-marked: come-back\r\n${more}content-length: ${body.length}\r\n\r\n${body}`,
      )
      expect(text).not.toContain('come-back')
      expect(text).toMatch(/x-content-type-options: nosniff/)
      return Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1])
    }
    const admin = 'authorization: Bearer token-of-admin\r\ncontent-type: application/json\r\n'
    expect([await first('/healthz'), await first('/api/v1/sites')]).toEqual([expect.toBeOneOf([400, 405]), 401])
    expect(await first('/api/v1/sites', admin, '{}')).toBeOneOf([400, 405])
  },
)

test('CONNECT, and a request for another protocol, end without an answer that acts', async () => {
  const { port } = await startApi()
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('CONNECT inner.example:443 HTTP/1.1\r\nhost: x\r\n\r\n')
  socket.resume()
  await once(socket, 'close')
  const upgrade = 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n'
  expect(await firstAnswer(port, upgrade)).toMatch(/^HTTP\/1.1 200 /)
})

test('what can not be read as a request is answered with the security headers too', async () => {
  const { port } = await startApi()
  for (const bytes of ['hello\r\n\r\n', 'GET /%zz HTTP/1.1\r\nhost: x\r\n\r\n'])
    expect(await firstAnswer(port, bytes)).toMatch(/^HTTP\/1.1 400 .*x-content-type-options: nosniff/is)
})

describe('who sends slowly', () => {
  const patience = { headersTimeout: 150, requestTimeout: 300, connectionsCheckingInterval: 50 }

  test.each([
    ['nothing at all', ''],
    ['headers that never end', 'GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: '],
    [
      'a body that never ends',
      'POST /api/v1/alarms/a-1/close HTTP/1.1\r\nhost: x\r\nauthorization: Bearer token-of-admin\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    ],
  ])('%s is cut, and others are served meanwhile', { timeout: 15_000 }, async (_, bytes) => {
    const { port, get } = await startApi({ patience })
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    const drip = setInterval(() => bytes !== '' && socket.writable && socket.write('x'), 20)
    socket.write(bytes)
    socket.resume()
    expect((await get('sites')).status).toBe(200)
    await once(socket, 'close')
    clearInterval(drip)
  })
})

/** What comes first on a connection of its own. */
async function firstAnswer(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(bytes)
  const [chunk] = await once(socket, 'data')
  socket.destroy()
  return String(chunk)
}
