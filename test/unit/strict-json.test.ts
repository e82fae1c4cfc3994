import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nameOf, parseStrictly } from '../../gateway/mqtt/strict-json.ts'

const parse = (text: string) => parseStrictly(Buffer.from(text))

test('an object is parsed as JSON.parse does, own __proto__ included', () => {
  const text = '{"a":[1,{"b":null}],"__proto__":{"c":true},"门":"\\ud83d\\ude00"}'
  const { value } = parse(text) as { value: Record<string, unknown> }
  expect(Object.keys(value)).toEqual(['a', '__proto__', '门'])
  expect(JSON.stringify(value)).toBe('{"a":[1,{"b":null}],"__proto__":{"c":true},"门":"😀"}')
  expect(({} as { c?: true }).c).toBeUndefined()
})

test.each([
  ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', 'the same key in several objects'],
  ['{"a":":","b":"\\":\\"","c":"{\\"c\\":1}"}', 'colons within texts'],
  ['{"":1," ":2}', 'an empty key'],
  ['{"a\\u0000":1,"a":2}', 'keys that differ by an escape'],
])('%s is taken: %s', text => {
  expect(parse(text)).toHaveProperty('value')
})

test.each(['{"a":1,"a":1}', '{"a":{"b":[{"c":1,"c":2}]}}', '{"a":1,"\\u0061":2}', '{"1":1,"1":2}', '{"":1,"":2}'])(
  '%s holds a field twice',
  text => {
    expect(parse(text)).toEqual({ reason: 'a field stands twice in one object; send each once' })
  },
)

test('16 levels are taken and 17 are not, of objects and of lists', () => {
  const nested = (open: string, close: string, inner: number) => `{"a":${open.repeat(inner)}0${close.repeat(inner)}}`
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    expect(parse(nested(open, close, 15))).toHaveProperty('value')
    expect(parse(nested(open, close, 16))).toEqual({ reason: 'the payload is nested deeper than 16 levels' })
  }
  expect(parse(`{"a":"${'['.repeat(100)}"}`)).toHaveProperty('value')
})

test('the place of a mistake is told in bytes, as a device maker counts', () => {
  expect(parse('{"门":1,}')).toEqual({
    reason: 'the payload is not JSON: a field name in double quotes is expected, or no comma before, at byte 9',
  })
  expect(parse('{"a":NaN}')).toMatchObject({ reason: expect.stringContaining('at byte 5') })
  expect(parseStrictly(Buffer.from([0x7b, 0x22, 0xe9, 0x97, 0xa8, 0x22, 0xff]))).toMatchObject({
    reason: expect.stringContaining('from byte 6 on'),
  })
  expect(parseStrictly(Buffer.from([0x22, 0xef, 0xbf]))).toMatchObject({ reason: expect.stringContaining('not UTF-8') })
})

test('words that other languages write are found outside texts only', () => {
  expect(parse('{"a":"NaN","b":None}')).toMatchObject({
    reason: expect.stringContaining('no NaN, no Infinity, at byte 15'),
  })
  expect(parse('{"a":"NaN" 1}')).toMatchObject({ reason: expect.stringContaining('a comma or }') })
  expect(parse('{"a":"\\"NaN"}')).toHaveProperty('value')
})

test('whatever JSON.stringify writes of an object is taken, unless it is nested too deep', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 10 })), value => {
      const text = JSON.stringify(value)
      expect(parse(text)).toEqual({ value: JSON.parse(text) })
    }),
    { numRuns: 1000, seed: 1 },
  )
})

test('the time to refuse stays small with whatever fills 64 KiB', () => {
  const fills = ['"', '\\', '"\\', '[', '{"a":', '\\"', '"\\\n', 'nan ', '-', '\ufffd', '0', ' ']
  const before = process.cpuUsage()
  for (const fill of fills)
    expect(parse(`{"a":${fill.repeat(65_000 / Buffer.byteLength(fill))}`)).toHaveProperty('reason')
  // A few milliseconds each; a pattern that is quadratic takes a second for one alone, and every device waits.
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000)
})

test('what a value is, in words', () => {
  expect([null, [], {}, '', 'a', '门门', true, 1].map(nameOf)).toEqual([
    'null',
    'a list',
    'an object',
    'a text of 0 characters',
    'a text of 1 character',
    'a text of 2 characters',
    'true or false',
    'a number',
  ])
})
