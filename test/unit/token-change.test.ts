import { describe, expect, test } from 'vitest'
import { add, digestOf, newToken, revoke, rotate } from '../../gateway/tokens/change.ts'
import { type KeptToken, maxTokens, parseTokens } from '../../gateway/tokens/file.ts'
import { optionsOf } from '../../gateway/tokens/options.ts'

const now = Date.parse('2026-11-24T00:00:00.000Z')
const minutes = (count: number) => now + count * 60_000
const dayMs = 24 * 60 * 60_000
const wall = { name: 'wall', role: 'viewer' as const, digest: digestOf('one') }
const tokens = add(add([], wall, now), { name: 'desk', role: 'dispatcher', digest: digestOf('two'), days: 10 }, now)
const of = (some: readonly KeptToken[], name: string) => some.find(token => token.name === name)

test('a token is 256 random bits', () => {
  expect(Buffer.from(newToken(), 'base64url').byteLength).toBe(32)
  expect(newToken()).not.toBe(newToken())
})

describe('add', () => {
  test('keeps the digest, and the end where there is one', () => {
    expect(tokens.map(({ name, expiresAt }) => [name, expiresAt])).toEqual([
      ['wall', null],
      ['desk', '2026-12-04T00:00:00.000Z'],
    ])
    expect(of(tokens, 'wall')?.digest).toBe(digestOf('one'))
  })

  test('takes no name twice, and not without end', () => {
    expect(() => add(tokens, wall, now)).toThrow('there is a token wall already')
    const many = Array.from({ length: maxTokens }, (_, n) => ({ ...tokens[0]!, name: `t${n}` }))
    expect(() => add(many, wall, now)).toThrow(`there are ${maxTokens} tokens, which is the most`)
  })
})

describe('rotate', () => {
  test('without grace the old one is gone', () => {
    const after = rotate(tokens, { name: 'wall', digest: digestOf('new'), graceMinutes: 0 }, now)
    expect(of(after, 'wall')).toMatchObject({ digest: digestOf('new'), expiresAt: null, previous: [] })
    expect(of(after, 'desk')).toEqual(of(tokens, 'desk'))
  })

  test('with grace it counts as long, also when it is rotated again meanwhile, and never beyond its own end', () => {
    const once = rotate(tokens, { name: 'wall', digest: digestOf('new'), graceMinutes: 30 }, now)
    const twice = rotate(once, { name: 'wall', digest: digestOf('newer'), graceMinutes: 5 }, minutes(10))
    expect(of(twice, 'wall')?.previous).toEqual([
      { digest: digestOf('new'), until: new Date(minutes(15)).toISOString() },
      { digest: digestOf('one'), until: new Date(minutes(30)).toISOString() },
    ])
    const late = rotate(twice, { name: 'wall', digest: digestOf('newest'), graceMinutes: 0 }, minutes(20))
    expect(of(late, 'wall')?.previous.map(({ digest }) => digest)).toEqual([digestOf('one')])
    const ending = rotate(tokens, { name: 'desk', digest: digestOf('x'), graceMinutes: 10_080 }, now + 9 * dayMs)
    expect(of(ending, 'desk')?.previous[0]?.until).toBe('2026-12-04T00:00:00.000Z')
  })

  test('gives a term of the same length, or the one that is said', () => {
    const later = now + 9 * dayMs
    const same = rotate(tokens, { name: 'desk', digest: digestOf('x'), graceMinutes: 0 }, later)
    expect(of(same, 'desk')?.expiresAt).toBe('2026-12-13T00:00:00.000Z')
    const said = rotate(tokens, { name: 'desk', digest: digestOf('x'), graceMinutes: 0, days: 1 }, later)
    expect(of(said, 'desk')?.expiresAt).toBe('2026-12-04T00:00:00.000Z')
  })

  test('of one that is not there is refused, and so is revoke', () => {
    expect(() => rotate(tokens, { name: 'nobody', digest: digestOf('x'), graceMinutes: 0 }, now)).toThrow(
      'there is no token nobody; "npm run token -- list" names them',
    )
    expect(() => revoke(tokens, 'nobody')).toThrow('there is no token nobody')
    expect(revoke(tokens, 'wall').map(({ name }) => name)).toEqual(['desk'])
  })
})

test.each([
  ['', 'is not JSON'],
  ['{"version":1,"tokens":[', 'is not JSON'],
  ['{"version":2,"tokens":[]}', 'version'],
  ['{"version":1}', 'tokens'],
  [JSON.stringify({ version: 1, tokens: [{ ...tokens[0], digest: 'sha256:abc' }] }), 'tokens.0.digest'],
  [JSON.stringify({ version: 1, tokens: [{ ...tokens[0], role: 'root' }] }), 'tokens.0.role'],
  [JSON.stringify({ version: 1, tokens: [{ ...tokens[0], more: 1 }] }), 'tokens.0'],
  [JSON.stringify({ version: 1, tokens: [tokens[0], tokens[0]] }), 'the name wall is there twice'],
])('a damaged file is refused by its name, with what is wrong: %s', (text, what) => {
  expect(() => parseTokens('/data/tokens.json', text)).toThrow(`/data/tokens.json: ${what}`)
  expect(() => parseTokens('/data/tokens.json', text)).toThrow('put it back from a backup')
})

test('a whole file is read as it was written', () => {
  expect(parseTokens('f', JSON.stringify({ version: 1, tokens }))).toEqual(tokens)
})

test.each([
  [['a', 'viewer', '--days', '0'], '--days takes a whole number (1–3650), not "0"'],
  [['a', 'viewer', '--days'], '--days takes a whole number (1–3650), not ""'],
  [['a', 'viewer', '--dais', '3'], 'unknown: --dais'],
  [['a', 'viewer', 'more'], 'takes NAME and ROLE, got 3 words'],
  [['a'], 'takes NAME and ROLE, got 1 words'],
])('%j is wrong use', (given, what) => {
  expect(() => optionsOf(given, ['NAME', 'ROLE'], { '--days': [1, 3650] })).toThrow(what)
})

test('words and options come in any order', () => {
  expect(optionsOf(['--days', '30', 'a', 'viewer'], ['NAME', 'ROLE'], { '--days': [1, 3650] })).toEqual({
    words: ['a', 'viewer'],
    numbers: { '--days': 30 },
  })
})
