import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { secretMistake, sign, signingKeys } from '../../gateway/webhook/signature.ts'

const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** As a receiver sees it: the package `standardwebhooks`, made with `key`, reads our headers. */
function verified(
  key: string,
  options: ConstructorParameters<typeof Webhook>[1],
  keys: Buffer[],
  body = '{"a":"第一"}',
) {
  const timestampS = Math.floor(Date.now() / 1000)
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': sign(keys, id, timestampS, body),
  }
  return new Webhook(key, options).verify(body, headers)
}

describe('a signature', () => {
  test('is the one of the vector that Standard Webhooks publishes', () => {
    expect(sign(signingKeys(secret), id, 1614265330, '{"test": 2432232314}')).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    )
  })

  test('is accepted by the package standardwebhooks', () => {
    expect(verified(secret, {}, signingKeys(secret))).toEqual({ a: '第一' })
  })

  test('is accepted with the old and with the new secret while both sign', () => {
    const other = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'
    const keys = [...signingKeys(secret), ...signingKeys(other)]
    expect(verified(secret, {}, keys)).toEqual({ a: '第一' })
    expect(verified(other, {}, keys)).toEqual({ a: '第一' })
    expect(() => verified('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', {}, keys)).toThrow('No matching signature')
  })

  test('covers id, time and body', () => {
    const keys = signingKeys(secret)
    const of = (...[one, time, body]: [string, number, string]) => sign(keys, one, time, body)
    const all = [of('a', 1, 'b'), of('c', 1, 'b'), of('a', 2, 'b'), of('a', 1, 'd')]
    expect(new Set(all).size).toBe(4)
  })
})

describe('a secret without whsec_', () => {
  test('that is base64 is accepted by receivers that read its bytes and by those that read its characters', () => {
    const plain = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    expect(signingKeys(plain)).toHaveLength(2)
    expect(verified(plain, {}, signingKeys(plain))).toEqual({ a: '第一' })
    expect(verified(plain, { format: 'raw' }, signingKeys(plain))).toEqual({ a: '第一' })
  })

  test('that is no base64 is read as characters', () => {
    const plain = "the command centre's own"
    expect(signingKeys(plain)).toEqual([Buffer.from(plain)])
    expect(verified(plain, { format: 'raw' }, signingKeys(plain))).toEqual({ a: '第一' })
  })
})

describe('a mistake in a secret', () => {
  test.each(['whsec_', 'whsec_a', 'whsec_abcde', 'whsec_not base64', 'whsec_ab-_', 'whsec_ab=cd', 'whsec_abc===='])(
    'is found: %s',
    wrong => {
      expect(secretMistake(wrong)).toBe('what stands behind whsec_ is not base64')
    },
  )

  test.each([secret, 'whsec_YWJjZA==', 'whsec_YWJjZA', 'any other text', 'whsec', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])(
    'is not: %s',
    right => {
      expect(secretMistake(right)).toBeUndefined()
    },
  )

  test('is found by nobody later: what passes signs so that standardwebhooks accepts it', () => {
    for (const right of [secret, 'whsec_YWJjZA==', 'whsec_YWJjZA'])
      expect(verified(right, {}, signingKeys(right))).toEqual({ a: '第一' })
  })
})

test('while a secret is rotated both sign, and a receiver with either accepts', () => {
  const [fresh, old] = ['new key of the tests', 'old key of the tests'].map(
    key => `whsec_${Buffer.from(key).toString('base64')}`,
  ) as [string, string]
  const both = `${fresh} ${old}`
  expect(secretMistake(both)).toBeUndefined()
  expect(secretMistake(`${both} ${old}`)).toBe('holds more than two secrets')
  const now = Math.floor(Date.now() / 1000)
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(now),
    'webhook-signature': sign(signingKeys(both), 'msg_1', now, '{}'),
  }
  for (const secret of [fresh, old]) expect(new Webhook(secret).verify('{}', headers)).toEqual({})
})
