import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createConnection } from '../../gateway/influx/connection.ts'
import { classify } from '../../gateway/influx/failures.ts'
import { Poster } from '../../gateway/webhook/post.ts'
import { readReply } from '../../gateway/webhook/reply.ts'
import { type Mutate, mutator } from './mutate.ts'
import { inParallel, planFuzz } from './plan.ts'

/** Whatever endpoints and InfluxDB answer: a delivery or a write counts as done only where a 2xx says so. */
const dictionary = [
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n',
  'transfer-encoding: chunked\r\n',
  'content-length: 99999999999999999999\r\n',
  'content-length: -1\r\n',
  'content-encoding: gzip\r\n',
  '\r\n\r\n',
  '\u0000',
  '{"acknowledged":true}',
  '"incidentNo":{}',
  '\\ud800',
  '[[[[[[',
  'partial write: ',
  'database not found: x',
  '5',
]
const replies = [
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 43\r\n\r\n{"incidentNo":"JQ-1","acknowledged": true} ',
  'HTTP/1.1 204 No Content\r\nx-influxdb-version: 1.6.7\r\n\r\n',
  'HTTP/1.1 400 Bad Request\r\ncontent-length: 27\r\n\r\n{"error":"partial write: x"}',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a":\r\n3\r\n1}\n\r\n0\r\n\r\n',
  'HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n',
].map(text => Buffer.from(text))
/** The first status line that isn't an interim answer. */
const says2xx = (bytes: Buffer): boolean => /HTTP\/1\.[01] +2\d\d/.test(bytes.toString('latin1'))

/** Answers each request with the next damaged reply, and closes. */
async function startLiar(mutate: Mutate, random: () => number) {
  const sent: Buffer[] = []
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => {
      const reply = mutate(replies[Math.floor(random() * replies.length)]!)
      sent.push(reply)
      socket.end(reply)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, sent }
}

test('webhook replies over HTTP: each attempt ends, and is delivered only where 2xx was answered', async () => {
  const { random, cases } = planFuzz('answers of an endpoint', 1200)
  const liar = await startLiar(mutator(random, dictionary), random)
  const poster = new Poster()
  onTestFinished(() => poster.close())
  let delivered = 0
  for (let index = 0; index < cases; index++) {
    const attempt = await poster.post(liar.url, {}, '{}', 2000)
    if (attempt.delivered) {
      delivered++
      expect(says2xx(liar.sent.at(-1)!), liar.sent.at(-1)!.toString('latin1')).toBe(true)
    } else expect(attempt.error).not.toContain('127.0.0.1')
  }
  expect(delivered).toBeGreaterThan(cases / 20)
  expect(delivered).toBeLessThan(cases)
}, 120_000)

test('answers of InfluxDB over HTTP: each write ends, and counts as written only where 2xx was answered', async () => {
  const { random, cases } = planFuzz('answers of InfluxDB', 1000)
  await inParallel(4, 4, async () => {
    const liar = await startLiar(mutator(random, dictionary), random)
    const connection = createConnection({ url: liar.url, database: 'gatehouse', timeoutMs: 2000 })
    const point = { measurement: 'access', fields: { count: 1 }, timestamp: '1' }
    for (let index = 0; index < cases / 4; index++) {
      const failure = await connection.write([point])
      if (failure === undefined) expect(says2xx(liar.sent.at(-1)!), liar.sent.at(-1)!.toString('latin1')).toBe(true)
      else expect(['wait', 'no-database', 'bad-points']).toContain(failure.class)
    }
    connection.close()
  })
}, 120_000)

test('bodies of replies: whatever they hold, a number and an acknowledgement are there only if they were said', () => {
  const { random, cases } = planFuzz('bodies of replies', 35_000)
  const mutate = mutator(random, dictionary)
  const body = Buffer.from('{"incidentNo":"JQ-2026-1","acknowledged":true,"more":[1,{"a":null}]}')
  for (let index = 0; index < cases; index++) {
    const text = mutate(body).toString('utf8')
    const { incidentNo, acknowledged, ...more } = readReply(text)
    expect(more).toEqual({})
    if (acknowledged !== undefined) expect([acknowledged, text.includes('true')]).toEqual([true, true])
    if (incidentNo !== undefined) {
      expect(typeof incidentNo).toBe('string')
      expect(incidentNo.length).toBeLessThanOrEqual(64)
    }
  }
})

test('errors of InfluxDB: each is one of three classes, and none repeats the refused line', () => {
  const { random, cases } = planFuzz("InfluxDB's error bodies", 20_000)
  const mutate = mutator(random, dictionary)
  const body = Buffer.from(`{"error":"unable to parse 'access,device=x personKey=\\"SECRET\\" 1': bad timestamp"}`)
  for (let index = 0; index < cases; index++) {
    const status = [400, 401, 404, 413, 422, 429, 500, 503][Math.floor(random() * 8)]!
    const message = `A ${status} Bad error occurred: ${mutate(body).toString('utf8')}`
    const failure = classify({ res: { statusCode: status }, message }, 'influx:8086')
    expect(['wait', 'no-database', 'bad-points']).toContain(failure.class)
    // Whatever status but these is waited out: nothing may be given up because of it.
    if (failure.class === 'bad-points') expect([400, 413, 422]).toContain(status)
  }
})
