import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { keyOf, refusalOf } from '../../device-sim/signature.ts'

/** The test vector that the Standard Webhooks specification publishes. */
const published = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  body: '{"test": 2432232314}',
  signatures: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const nowMs = 1_614_265_330_000
type Change = Partial<typeof published> & { nowMs?: number }
const verify = (change: Change = {}) => {
  const { secret, body, ...headers } = { ...published, ...change }
  return refusalOf(keyOf(secret)!, headers, Buffer.from(body), change.nowMs ?? nowMs)
}

test("Standard Webhooks' published vector verifies", () => {
  expect(verify()).toBeUndefined()
})

test('what the npm package signs verifies, text beyond ASCII too', () => {
  const body = '{"site":"第一小学"}'
  const signatures = new Webhook(published.secret).sign('msg_1', new Date(nowMs), body)
  expect(verify({ id: 'msg_1', body, signatures })).toBeUndefined()
})

test('while a secret is rotated, one good signature among several is enough', () => {
  const wrong = `v1,${Buffer.alloc(32, 7).toString('base64')}`
  expect(verify({ signatures: `${wrong} v1a,xyz ${published.signatures}` })).toBeUndefined()
  expect(verify({ signatures: `${wrong} ${wrong}` })).toBe('no signature matches')
})

test.each<[string, Change]>([
  ['altered body', { body: '{"test": 2432232315}' }],
  ['altered id', { id: 'msg_other' }],
  ['altered timestamp', { timestamp: '1614265331' }],
  ['wrong key', { secret: `whsec_${Buffer.alloc(24, 1).toString('base64')}` }],
  ['another version', { signatures: published.signatures.replace('v1,', 'v2,') }],
  ['a cut signature', { signatures: published.signatures.slice(0, 20) }],
  ['an empty signature', { signatures: 'v1,' }],
])('refused: %s', (_name, change) => {
  expect(verify(change)).toBe('no signature matches')
})

test('a timestamp more than five minutes off, no number, or missing is refused', () => {
  expect(verify({ nowMs: nowMs + 300_000 })).toBeUndefined()
  expect(verify({ nowMs: nowMs + 301_000 })).toContain('301 s off')
  expect(verify({ nowMs: nowMs - 301_000 })).toContain('301 s off')
  expect(verify({ timestamp: '1614265330.5' })).toContain('not whole seconds')
  expect(verify({ timestamp: '' })).toContain('missing')
  expect(verify({ signatures: '' })).toContain('missing')
})

test('a secret that is none gives no key: an empty key would let anybody sign', () => {
  for (const secret of ['whsec_', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_not base64!', ''])
    expect(keyOf(secret)).toBeUndefined()
})
