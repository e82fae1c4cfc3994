import { describe, expect, test } from 'vitest'
import { classify } from '../../gateway/influx/failures.ts'

/** Design 6: which answers mean "later" and which mean that a point is bad. Errors as the `influx` package makes them. */
const answer = (status: number, body: string) =>
  Object.assign(new Error(`A ${status} Whatever error occurred: ${body}`), { res: { statusCode: status } })
const json = (error: string) => `${JSON.stringify({ error })}\n`
const judge = (error: unknown) => classify(error, 'influx.example:8086')

describe('wait', () => {
  test.each([
    [401, 'influx.unauthorized'],
    [403, 'influx.unauthorized'],
    [404, 'influx.failed'],
    [405, 'influx.failed'],
    [302, 'influx.failed'],
    [429, 'influx.busy'],
  ])('%i is %s', (status, code) => {
    expect(judge(answer(status, json('something')))).toMatchObject({ class: 'wait', code })
    expect(judge(answer(status, '<html>'))).toMatchObject({ class: 'wait', code })
  })
  test.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE', 'HPE_INVALID_CONSTANT'])('%s is unreachable', code => {
    const failure = judge(Object.assign(new Error('x'), { code }))
    expect(failure).toMatchObject({ class: 'wait', code: 'influx.unreachable' })
    expect(failure).toHaveProperty('message', expect.stringContaining('influx.example:8086'))
  })
  test('a timeout, of ours or of the package', () => {
    expect(judge(Object.assign(new Error('x'), { code: 'ETIMEDOUT' }))).toMatchObject({ code: 'influx.timeout' })
    expect(judge(new Error('Request timed out'))).toMatchObject({ code: 'influx.timeout' })
  })
  test('a 5xx, of which the package keeps the status text', () => {
    expect(judge(new Error('Service Unavailable'))).toMatchObject({ class: 'wait', code: 'influx.failed' })
  })
  test('a 400 that is not from InfluxDB', () => {
    for (const body of ['', '<h1>400 Bad Request</h1>', '[]', 'null', '{}', '"x"'])
      expect(judge(answer(400, body))).toMatchObject({ class: 'wait', code: 'influx.failed' })
  })
})

test('a missing database is made', () => {
  expect(judge(answer(404, json('database not found: "gatehouse"')))).toMatchObject({ class: 'no-database' })
})

describe('bad points', () => {
  test('a partial write gives the same reason whatever the number of dropped points', () => {
    const conflict =
      'partial write: field type conflict: input field "a" on measurement "b" is type float, already exists as type integer'
    for (const dropped of [1, 17])
      expect(judge(answer(400, json(`${conflict} dropped=${dropped}`)))).toEqual({
        class: 'bad-points',
        reason: conflict,
      })
  })
  test('InfluxDB 2.x says it its way', () => {
    expect(judge(answer(422, JSON.stringify({ code: 'unprocessable entity', message: 'conflict' })))).toEqual({
      class: 'bad-points',
      reason: 'conflict',
    })
  })
  test('too large', () => {
    expect(judge(answer(413, '<html>'))).toEqual({ class: 'bad-points', reason: 'too large (413)' })
  })
  test("the point's own text is not in the reason", () => {
    const failure = judge(answer(400, json(`unable to parse 'face,site=x personKey="it's" 1': invalid boolean`)))
    expect(failure).toEqual({ class: 'bad-points', reason: "unable to parse '…': invalid boolean" })
  })
  test('a long reason is cut', () => {
    const failure = judge(answer(400, json('x'.repeat(5000))))
    expect(failure).toMatchObject({ reason: `${'x'.repeat(300)}…` })
  })
})
