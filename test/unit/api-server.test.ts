import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Counter, Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { Problem } from '../../schemas/api.ts'
import { startApi } from './api-world.ts'

describe('/healthz', () => {
  test('says that the process is alive, whatever the checks say', async () => {
    const { ask } = await startApi({ checks: { journal: () => 'the disk is gone' } })
    const { status, json } = await ask('/healthz')
    expect([status, json]).toEqual([200, { status: 'alive', version: '0.1.0' }])
  })
})

describe('/readyz', () => {
  test('is 200 when every check passes', async () => {
    const { ask } = await startApi({ checks: { journal: () => undefined, mqtt: async () => undefined } })
    const { status, json } = await ask('/readyz')
    expect([status, json]).toEqual([200, { status: 'ready', checks: { journal: 'ok', mqtt: 'ok' } }])
  })

  test('is 503 with the one that does not', async () => {
    const { ask } = await startApi({ checks: { journal: () => undefined, mqtt: async () => 'not listening' } })
    const { status, json, headers } = await ask('/readyz')
    expect([status, headers.get('content-type')]).toEqual([503, 'application/problem+json'])
    expect(Problem.parse(json)).toMatchObject({
      detail: 'Not ready: mqtt',
      checks: { journal: 'ok', mqtt: 'not listening' },
    })
  })

  test('does not wait for a check that never answers, nor tell what one threw', async () => {
    const never = new Promise<undefined>(() => {})
    const { ask, logged } = await startApi({
      checkTimeoutMs: 20,
      checks: {
        hangs: () => never,
        throws: () => {
          throw new Error('password is hunter2')
        },
      },
    })
    const { status, json, text } = await ask('/readyz')
    expect(status).toBe(503)
    expect(json.checks).toEqual({ hangs: 'no answer within 20 ms', throws: 'failed; the log says why' })
    expect(text).not.toContain('hunter2')
    expect(logged.find(({ message }) => message === 'ready.check-failed')?.line).toMatchObject({ check: 'throws' })
  })
})

test("/metrics is Prometheus' text", async () => {
  const metrics = new Registry()
  new Counter({ name: 'gatehouse_test_total', help: 'A test', registers: [metrics] }).inc(3)
  const { ask } = await startApi({ metrics })
  const { text, headers } = await ask('/metrics')
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(text).toMatch(/^gatehouse_test_total 3$/m)
})

describe('/openapi.json', () => {
  test('lists every route, each with an id of its own, an answer and its security', async () => {
    const { api, ask } = await startApi()
    const { json: document } = await ask('/openapi.json')
    expect(document.openapi).toBe('3.1.0')
    const wanted = api.routes
      .filter(({ method, schema }) => method !== 'HEAD' && schema.hide !== true)
      .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`)
    const operations = Object.entries<object>(document.paths).flatMap(([url, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${url}`, operation })),
    )
    expect(wanted.length).toBeGreaterThan(25)
    expect(operations.map(({ name }) => name).sort()).toEqual(wanted.sort())
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
    const tags = document.tags.map(({ name }: { name: string }) => name)
    for (const { name, operation } of operations) {
      expect(tags, name).toContain(operation.tags[0])
      const success = Object.keys(operation.responses).filter(status => status.startsWith('2'))
      expect(success, name).toHaveLength(1)
      expect(Object.values(operation.responses[success[0]!].content), name).toMatchObject([
        { schema: expect.anything() },
      ])
      const open = !name.includes('/api/v1')
      expect(operation.security, name).toEqual(open ? [] : [{ bearer: [] }])
      if (open) continue
      for (const status of ['400', '401', '403'])
        expect(operation.responses[status].content, name).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        })
    }
    expect(document.components.securitySchemes.bearer).toEqual({ type: 'http', scheme: 'bearer' })
  })

  test('holds schemas that a real answer fits', async () => {
    const { ask, get } = await startApi()
    const { json: document } = await ask('/openapi.json')
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema(document, 'openapi')
    for (const path of ['sites', 'devices', 'events', 'alarms', 'alarms/{id}', 'deliveries', 'rejections', 'stats']) {
      const pointer = `/api/v1/${path}`.replaceAll('/', '~1')
      const fits = ajv.compile({
        $ref: `openapi#/paths/${pointer}/get/responses/200/content/application~1json/schema`,
      })
      const { json } = await get(path.replace('{id}', 'a-1'))
      expect(fits(json), `${path}: ${ajv.errorsText(fits.errors)}`).toBe(true)
      expect(fits({ items: 1 }), path).toBe(false)
    }
  })
})

describe('/docs', () => {
  test('is a page whose scripts come from here and may run', async () => {
    const { ask } = await startApi()
    for (const path of ['/docs', '/docs/']) {
      const { status, text, headers } = await ask(path)
      expect(status).toBe(200)
      const scripts = [...text.matchAll(/<script src="([^"]+)"/g)].map(([, src]) => new URL(src!, `http://x${path}`))
      expect(scripts.length).toBeGreaterThanOrEqual(3)
      expect(headers.get('content-security-policy')).toContain("script-src 'self'")
      expect(text).not.toMatch(/<script>|onload=/)
      for (const { pathname } of scripts) {
        const script = await ask(pathname)
        expect([pathname, script.status, script.headers.get('content-type')]).toEqual([
          pathname,
          200,
          expect.stringMatching(/javascript/),
        ])
      }
    }
    expect((await ask('/docs/json')).json).toEqual((await ask('/openapi.json')).json)
  })
})

test('every answer has the security headers', async () => {
  const { ask, get } = await startApi()
  for (const { headers } of [
    await ask('/healthz'),
    await get('sites'),
    await get('nope'),
    await ask('/api/v1/sites'),
  ]) {
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
  }
})

test("one debug line per request, with the route's template and nothing of the URL", async () => {
  const { get, logged } = await startApi()
  await get('alarms/a-1?secret=hunter2')
  await expect.poll(() => logged.length).toBe(1)
  expect(logged[0]).toEqual({
    level: 'debug',
    message: 'http.answered',
    line: { method: 'GET', route: '/api/v1/alarms/:id', status: 400, ms: expect.any(Number) },
  })
})

describe('the server', () => {
  test('ends connections that are kept alive when it closes', async () => {
    const { api, port } = await startApi()
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(socket, 'data')
    const ended = once(socket, 'close')
    await api.close()
    await ended
  })

  test('closes without waiting for an answer that never comes', async () => {
    let asked = () => {}
    const reached = new Promise<void>(resolve => {
      asked = resolve
    })
    const never = new Promise<never>(() => {})
    const { api, get } = await startApi({
      stats: {
        stats: () => {
          asked()
          return never
        },
      },
    })
    const cut = expect(get('stats')).rejects.toThrow('fetch failed')
    await reached
    await api.close()
    await cut
  })

  test('says which port it could not have', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { createApi } = await import('../../gateway/api/server.ts')
    const { ports } = await import('./api-world.ts')
    const { silentLog } = await import('../../gateway/log.ts')
    const api = await createApi({
      ...ports,
      log: silentLog,
      version: '0',
      metrics: new Registry(),
      tokens: () => [],
      checks: {},
    })
    await expect(api.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'http-listen',
      message: expect.stringMatching(`127.0.0.1:${port} .*EADDRINUSE.*GATEHOUSE_HTTP_PORT`),
    })
    await api.close()
    taken.close()
  })
})
