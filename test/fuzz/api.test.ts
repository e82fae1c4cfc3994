import { expect, test } from 'vitest'
import { temporaryDirectory } from '../helpers/directory.ts'
import { adminToken, startGateway } from '../helpers/gateway.ts'
import { writeRegistry } from '../helpers/registry.ts'
import { mutator } from './mutate.ts'
import { inParallel, planFuzz } from './plan.ts'

/** Whatever is asked of the API, by whoever holds a token: each request is answered, none with a 5xx, and each refusal is a problem. */
const dictionary = [
  '"by":"x"',
  '"disposition":"real"',
  '"disposition":1e9',
  'null',
  '{}',
  '[]',
  '"__proto__":{"a":1}',
  '\\u0000',
  '\\ud800',
  '%00',
  '%2e%2e/',
  '%ff',
  '../',
  '9007199254740993',
  '-1',
  '1e309',
  ',',
  '&limit=0',
  '&cursor=x',
  '?',
  '#',
  Buffer.from([0xff, 0xfe]),
]
const bodies = [
  '{"by":"Wang","note":"on the way","incidentNo":"JQ-1","unit":"1号车"}',
  '{"by":"Wang","disposition":"real"}',
  '{"site":"school-01","minutes":30,"by":"Wang"}',
  '{"reason":"a test of the door","ref":"r-1"}',
]
const queries = [
  '',
  '?limit=10&cursor=abc',
  '?site=school-01&kind=alarm&from=2026-11-24T00:00:00Z',
  '?stage=raised',
  '?state=pending',
]
/** Enough tokens that none meets the limit of one. */
const tokens = [adminToken, ...Array.from({ length: 40 }, (_, index) => `token-${index}-of-the-fuzzer`)]

test('API: each request is answered, none with a 5xx, each refusal is a problem', async () => {
  const { random, cases } = planFuzz('requests of the API', 800)
  const dataDir = temporaryDirectory()
  const gateway = await startGateway({
    dataDir,
    registry: writeRegistry(dataDir),
    env: { GATEHOUSE_API_TOKENS: tokens.map((token, index) => `t${index}:admin:${token}`).join(',') },
  })
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const mutate = mutator(random, dictionary)
  const document = (await (await fetch(`${gateway.httpUrl}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>
  }
  const routes = Object.entries(document.paths)
    // A stream doesn't end by itself.
    .filter(([path]) => !path.endsWith('/stream'))
    .flatMap(([path, methods]) => Object.keys(methods).map(method => ({ path, method: method.toUpperCase() })))
  expect(routes.length).toBeGreaterThan(15)

  const plan = Array.from({ length: cases }, (_, index) => {
    const { path, method } = pick(routes)
    const id = mutate(Buffer.from(pick(['1', 'school-01', 'dispatch', 'b5b1f1a0'])))
    const filled = path.replace(/\{[^}]+\}/g, () => encodeURIComponent(id.toString('latin1')))
    const query =
      random() < 0.5 ? '' : encodeURI(mutate(Buffer.from(pick(queries))).toString('latin1')).replaceAll('#', '')
    return {
      url: `${gateway.httpUrl}${filled}${query === '' || query.startsWith('?') ? query : `?${query}`}`,
      method: random() < 0.05 ? pick(['PUT', 'DELETE', 'PATCH', 'OPTIONS']) : method,
      token: tokens[index % tokens.length]!,
      body: mutate(Buffer.from(pick(bodies))),
    }
  })
  const seen: Record<number, number> = {}
  await inParallel(cases, 8, async index => {
    const { url, method, token, body } = plan[index]!
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body }),
    })
    const text = await response.text()
    seen[response.status] = (seen[response.status] ?? 0) + 1
    expect(response.status, `${method} ${url} ${body}`).toBeLessThan(500)
    if (response.status >= 400)
      expect(response.headers.get('content-type'), `${method} ${url}`).toMatch(/^application\/problem\+json/)
    expect(text).not.toContain(token)
  })
  expect(seen[200]).toBeGreaterThan(cases / 50)
  expect(seen[400]).toBeGreaterThan(cases / 50)
  expect(gateway.log.filter(({ level }) => (level as number) >= 50)).toEqual([])
  expect(await gateway.stop()).toBe(0)
}, 120_000)
