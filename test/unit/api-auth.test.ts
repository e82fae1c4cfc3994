import { describe, expect, test } from 'vitest'
import { callerOf, isStillIn, mayCall, tokenDigest } from '../../gateway/api/auth.ts'
import { Problem } from '../../schemas/api.ts'
import { startApi } from './api-world.ts'

describe('a token', () => {
  const tokens = [
    { name: 'wall', role: 'viewer' as const, digest: tokenDigest('one') },
    { name: 'desk', role: 'dispatcher' as const, digest: tokenDigest('two') },
  ]

  const now = 1_000_000

  test('names its caller', () => {
    expect(callerOf(tokens, 'Bearer two', now)).toEqual({ ...tokens[1] })
    expect(callerOf(tokens, 'bearer one', now)).toEqual({ ...tokens[0] })
  })

  test.each([undefined, '', 'Bearer', 'Bearer ', 'Bearer three', 'Bearer one two', 'Basic one', 'one', 'Bearer onex'])(
    'sent as %j names nobody',
    header => {
      expect(callerOf(tokens, header, now)).toBeUndefined()
    },
  )

  test('of an empty string is nobody even where somebody configured one', () => {
    expect(callerOf([{ name: 'x', role: 'admin', digest: tokenDigest('') }], 'Bearer ', now)).toBeUndefined()
  })

  test('counts until its end and no longer, and two of one name may count at once', () => {
    const rotated = [
      { name: 'desk', role: 'dispatcher' as const, digest: tokenDigest('new') },
      { name: 'desk', role: 'dispatcher' as const, digest: tokenDigest('old'), expiresAt: now },
    ]
    expect(callerOf(rotated, 'Bearer old', now - 1)?.name).toBe('desk')
    expect(callerOf(rotated, 'Bearer old', now)).toBeUndefined()
    expect(callerOf(rotated, 'Bearer new', now)?.name).toBe('desk')
  })

  test('that let somebody in stands for him no more once it is another role, or gone', () => {
    const [wall, desk] = tokens as [(typeof tokens)[0], (typeof tokens)[0]]
    expect(isStillIn(tokens, desk, now)).toBe(true)
    expect(isStillIn([wall], desk, now)).toBe(false)
    expect(isStillIn([wall, { ...desk, role: 'viewer' }], desk, now)).toBe(false)
    expect(isStillIn([wall, { ...desk, expiresAt: now }], desk, now)).toBe(false)
  })

  test('may do what lower roles may', () => {
    expect(mayCall('admin', 'viewer')).toBe(true)
    expect(mayCall('dispatcher', 'dispatcher')).toBe(true)
    expect(mayCall('viewer', 'dispatcher')).toBe(false)
    expect(mayCall('dispatcher', 'admin')).toBe(false)
  })
})

describe('under /api/v1', () => {
  test('every route says a role, and without a token every one answers 401', async () => {
    const { api, ask } = await startApi()
    const protectedRoutes = api.routes.filter(({ url }) => url.startsWith('/api/v1'))
    expect(protectedRoutes.length).toBeGreaterThanOrEqual(34)
    for (const { method, url, config } of protectedRoutes) {
      expect(config.role, `${method} ${url}`).toBeDefined()
      const { status, headers } = await ask(url.replace(':id', 'a-1'), { method })
      expect([method, url, status]).toEqual([method, url, 401])
      expect(headers.get('www-authenticate')).toBe('Bearer realm="gatehouse"')
    }
  })

  test('nothing else needs one', async () => {
    const { api, ask } = await startApi()
    const open = api.routes.filter(({ url, method }) => !url.startsWith('/api/v1') && method === 'GET')
    expect(open.map(({ url }) => url).sort()).toEqual([
      '/docs',
      '/docs/*',
      '/healthz',
      '/metrics',
      '/openapi.json',
      '/readyz',
    ])
    for (const { url } of open) expect((await ask(url.replace('*', 'static/swagger-ui.css'))).status).toBe(200)
  })

  test('a wrong token is told so, before anything is said about the request', async () => {
    const { ask, as } = await startApi()
    const { status, headers, json } = await ask('/api/v1/events?limit=nonsense', as('token-of-nobody'))
    expect(status).toBe(401)
    expect(headers.get('www-authenticate')).toBe('Bearer realm="gatehouse", error="invalid_token"')
    expect(Problem.parse(json).detail).not.toContain('token-of-nobody')
  })

  test('a path that is not there is 401 without a token and 404 with one', async () => {
    const { ask, get } = await startApi()
    expect((await ask('/api/v1/endpoints')).status).toBe(401)
    expect((await get('endpoints')).status).toBe(404)
  })

  test.each(['viewer', 'dispatcher', 'admin'])('a %s may read', async role => {
    const { ask, as } = await startApi()
    expect((await ask('/api/v1/stats', as(`token-of-${role}`))).status).toBe(200)
  })

  test('each route takes the role of contract 6: a lower one is 403, the role itself is not', async () => {
    const { api, ask, as } = await startApi()
    const changing = api.routes.filter(({ url, method }) => url.startsWith('/api/v1') && !/GET|HEAD/.test(method))
    expect(Object.fromEntries(changing.map(({ method, url, config }) => [`${method} ${url}`, config.role]))).toEqual({
      'POST /api/v1/alarms/:id/acknowledge': 'dispatcher',
      'POST /api/v1/alarms/:id/dispatch': 'dispatcher',
      'POST /api/v1/alarms/:id/arrive': 'dispatcher',
      'POST /api/v1/alarms/:id/close': 'dispatcher',
      'POST /api/v1/sites/:id/alarms/acknowledge': 'dispatcher',
      'POST /api/v1/sites/:id/alarms/dispatch': 'dispatcher',
      'POST /api/v1/sites/:id/alarms/arrive': 'dispatcher',
      'POST /api/v1/sites/:id/alarms/close': 'dispatcher',
      'POST /api/v1/maintenance': 'dispatcher',
      'DELETE /api/v1/maintenance/:id': 'dispatcher',
      'POST /api/v1/deliveries/:id/retry': 'admin',
      'POST /api/v1/endpoints/:id/test': 'admin',
      'POST /api/v1/registry/reload': 'admin',
      'POST /api/v1/rejections/:id/replay': 'admin',
      'POST /api/v1/events/:seq/unmask': 'admin',
      'POST /api/v1/erase': 'admin',
    })
    for (const { method, url, config } of changing) {
      const lower = config.role === 'admin' ? 'dispatcher' : 'viewer'
      const path = url.replace(/:\w+/, '1')
      const { status, json, headers } = await ask(path, { method, ...as(`token-of-${lower}`) })
      expect([url, status, json.detail]).toEqual([
        url,
        403,
        `This needs the role ${config.role}; the token's role is ${lower}`,
      ])
      expect(headers.get('www-authenticate')).toBe('Bearer realm="gatehouse", error="insufficient_scope"')
      const allowed = await ask(path, { method, ...as(`token-of-${config.role}`) })
      expect([401, 403], url).not.toContain(allowed.status)
    }
    const reading = api.routes.filter(({ url, method }) => url.startsWith('/api/v1') && method === 'GET')
    const others = reading.filter(({ config }) => config.role !== 'viewer')
    expect(others.map(({ url, config }) => [url, config.role])).toEqual([['/api/v1/audit', 'admin']])
  })
})
