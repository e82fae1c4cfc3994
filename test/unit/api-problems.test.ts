import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { methodsOf } from '../../gateway/api/route.ts'
import { OperationalError } from '../../gateway/errors.ts'
import { Problem } from '../../schemas/api.ts'
import { type Answer, startApi } from './api-world.ts'

function problemOf({ status, headers, json }: Answer): Problem {
  expect(headers.get('content-type')).toBe('application/problem+json')
  const problem = Problem.parse(json)
  expect(problem.status).toBe(status)
  return problem
}

describe('a wrong parameter is named with its mend', () => {
  test.each([
    ['events?limit=0', 'limit', 'must be at least 1'],
    ['events?limit=1001', 'limit', 'must be at most 1000'],
    ['events?limit=many', 'limit', 'must be a number'],
    ['events?limit=1.5', 'limit', 'must be a whole number'],
    ['events?limit=1&limit=2', 'limit', 'must be a number'],
    ['events?kind=door', 'kind', 'must be one of access, face, vehicle, alarm, telemetry, heartbeat, status'],
    ['events?site=School_01', 'site', 'must be 1–64 of a–z, 0–9 and -, not starting with -'],
    ['events?from=yesterday', 'from', 'must be RFC 3339 with an offset, like 2026-11-24T08:15:00.250+08:00'],
    ['events?from=2026-11-24T08:15:00', 'from', 'must be RFC 3339 with an offset, like 2026-11-24T08:15:00.250+08:00'],
    ['events?from=2026-11-24T01:00:00Z&to=2026-11-24T00:00:00Z', 'from', 'must be before "to"'],
    [
      'events?cursor=4711',
      'cursor',
      'is not a cursor of events; take it from the page before, or leave it out for the first page',
    ],
    [`events?cursor=${'x'.repeat(65)}`, 'cursor', 'must be at most 64 characters long'],
    ['events?sight=school-01', 'sight', 'is not a parameter here; leave it out'],
    ['sites?site=school-01', 'site', 'is not a parameter here; leave it out'],
    ['alarms?stage=open', 'stage', 'must be one of raised, delivered, acknowledged, dispatched, arrived, closed'],
    ['deliveries?state=late', 'state', 'must be one of pending, delivered, cancelled'],
    ['devices?site=-', 'site', 'must be 1–64 of a–z, 0–9 and -, not starting with -'],
    [`alarms/${'x'.repeat(65)}`, 'id', 'must be at most 64 characters long'],
  ])('%s', async (path, parameter, mend) => {
    const { get } = await startApi()
    const answer = await get(path)
    expect(answer.status).toBe(400)
    const problem = problemOf(answer)
    expect(problem.mistakes).toEqual([{ parameter, detail: mend }])
    expect(problem.detail).toContain(parameter)
    expect(problem.detail).toContain(mend)
  })

  test('with the value that was given, cut where it is long', async () => {
    const { get } = await startApi()
    expect(problemOf(await get('events?limit=0')).detail).toBe('limit ("0") must be at least 1')
    expect(problemOf(await get(`events?site=${'A'.repeat(5000)}`)).detail!.length).toBeLessThan(200)
  })

  test('and all of them at once', async () => {
    const { get } = await startApi()
    const { mistakes } = problemOf(await get('alarms?limit=0&stage=x&other=1'))
    expect(mistakes?.map(({ parameter }) => parameter).sort()).toEqual(['limit', 'other', 'stage'])
  })
})

describe('refused', () => {
  test('an alarm that is not there', async () => {
    const { get } = await startApi()
    const problem = problemOf(await get('alarms/a-99'))
    expect([problem.status, problem.title]).toEqual([404, 'Not Found'])
    expect(problem.detail).toContain('a-99')
  })

  test('a path that is not there', async () => {
    const { ask } = await startApi()
    expect(problemOf(await ask('/')).status).toBe(404)
    expect(problemOf(await ask('/docs/static/nothing.js')).status).toBe(404)
  })

  test('a method that the path does not know, with those that it does', async () => {
    const { ask, as } = await startApi()
    for (const path of ['/healthz', '/api/v1/sites', '/api/v1/alarms/a-1']) {
      const answer = await ask(path, { method: 'DELETE', ...as('token-of-admin') })
      expect(problemOf(answer).status).toBe(405)
      expect(answer.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD'])
    }
  })

  test('a body over 64 KiB', async () => {
    const { ask } = await startApi()
    const answer = await ask('/healthz', { method: 'POST', body: 'x'.repeat(64 * 1024 + 1) })
    expect(problemOf(answer).status).toBe(413)
  })

  test('a path that is no URL', async () => {
    const { ask } = await startApi()
    expect(problemOf(await ask('/api/v1/alarms/%zz')).status).toBe(400)
  })

  test('what is no HTTP, and headers without end', async () => {
    const { port } = await startApi()
    expect(await spoken(port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*application\/problem\+json.*"status":400/s)
    const long = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(9000)}\r\n\r\n`
    expect(await spoken(port, long)).toMatch(/^HTTP\/1.1 431 .*application\/problem\+json.*"status":431/s)
  })
})

describe('when the gateway itself fails', () => {
  const failing = (error: Error) =>
    startApi({
      stats: {
        stats: async () => {
          throw error
        },
      },
    })

  test('the client learns nothing of its insides, and the log does', async () => {
    const { get, logged } = await failing(new Error('no such table: entry'))
    const answer = await get('stats')
    expect(problemOf(answer).status).toBe(500)
    expect(answer.text).not.toMatch(/table|entry|stack|at /)
    const [line] = logged.filter(({ level }) => level === 'error')
    expect(line).toMatchObject({ message: 'http.failed', line: { route: '/api/v1/stats' } })
    expect(String(line?.line.err)).toContain('no such table')
  })

  test('it says when trying again may help', async () => {
    const { get } = await failing(new OperationalError('journal-busy', 'queue of 4711 is full', { retryable: true }))
    const answer = await get('stats')
    expect(problemOf(answer).status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(answer.text).not.toContain('4711')
  })

  test('and when it will not', async () => {
    const { get } = await failing(new OperationalError('damaged', 'page 4711 is damaged', { retryable: false }))
    expect(problemOf(await get('stats')).status).toBe(500)
  })

  test('an answer that breaks its own schema is not sent', async () => {
    const { get } = await startApi({ stats: { stats: async () => ({ received: 'person-4711' }) as never } })
    const answer = await get('stats')
    expect(problemOf(answer).status).toBe(500)
    expect(answer.text).not.toContain('person-4711')
  })
})

test('the methods of a path', () => {
  const routes = ['/a', '/a/:id', '/docs/*'].map(url => ({ method: 'GET', url, schema: {}, config: {} }))
  const known = (path: string) => methodsOf(routes, path).length > 0
  expect(['/a', '/a/1', '/docs/', '/docs/x/y'].map(known)).toEqual([true, true, true, true])
  expect(['/', '/b', '/a/', '/a/1/2', '/docs'].map(known)).toEqual([false, false, false, false, false])
})

/** What the server answers to raw bytes until it closes. */
async function spoken(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  socket.on('error', () => {})
  socket.write(bytes)
  await once(socket, 'close')
  return text
}
