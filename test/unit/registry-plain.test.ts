import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDocument, stringify } from 'yaml'
import { plainContent } from '../../gateway/devices/registry-plain.ts'

/** What the parser makes of it, and whether it has anything to say. */
function parsed(text: string): { content: unknown; isGood: boolean } {
  const document = parseDocument(text, { logLevel: 'error' })
  const isGood = document.errors.length === 0 && document.warnings.length === 0
  return { content: isGood ? document.toJS() : undefined, isGood }
}

const inLines = `# the city's
version: 1
sites:
  # schools
  - id: school-01
    name: 第一小学 (east gate)
    kind: school
    location: { lat: 37.71, lon: 112.56, crs: wgs84 }
    contacts: [{ name: "梁某: 门卫", phone: "0351-5550000" }, { name: b, phone: "1" }]
    selfTest: true

  - { id: compound-01, name: 绿苑小区, kind: compound, responseMinutes: 5, contacts: [] }
devices:
- id: button-1
  site: school-01
  secretHash: "sha256:00ff"
`

test('a registry in the usual forms is read without the parser', () => {
  expect(plainContent(inLines)).toEqual(parsed(inLines).content)
  const { sites } = parsed(inLines).content as { sites: object[] }
  const printed = sites.map(site => `  - ${stringify(site, { collectionStyle: 'flow', lineWidth: 0 })}`).join('')
  expect(plainContent(`version: 1\nsites:\n${printed}`)).toEqual({ version: 1, sites })
})

test.each([
  ['an anchor', 'version: 1\nsites:\n  - &a { id: x }\n'],
  ['a text over lines', 'version: 1\nsites:\n  - id: x\n    name: a\n      b\n'],
  ['a key that is there twice', 'version: 1\nversion: 1\n'],
  ['a key that is there twice in an entry', 'sites:\n  - id: x\n    id: y\n'],
  ['a key that is there twice in a line', 'sites:\n  - { id: x, id: y }\n'],
  ['an indent of its own', 'sites:\n  - id: x\n   name: y\n'],
  ['a list under a list', 'sites:\n  - id: x\n    contacts:\n      - name: y\n'],
  ['a tab', 'sites:\n  - id: x\n\tname: y\n'],
  ['an empty list', 'sites:\ndevices:\n'],
  ['a comment behind a value', 'version: 1 # one\n'],
  ['a number with an exponent', 'version: 1e3\n'],
  ['an octal number', 'version: 0o7\n'],
  ['an escape', 'version: "\\n"\n'],
  ['null', 'version: null\n'],
])('%s is left to the parser', (_, text) => expect(plainContent(text)).toBeUndefined())

test('whatever it reads it reads as the parser does', () => {
  const pieces = [
    '- ',
    '  ',
    '\n',
    ': ',
    ':',
    '{ ',
    ' }',
    '[',
    ']',
    ', ',
    ',',
    '"',
    "'",
    '#',
    ' #',
    '&a ',
    '*a',
    '!',
    '|',
    '>',
  ]
  const words = [
    'id',
    'true',
    'null',
    'y',
    '1',
    '0',
    '01',
    '37.71',
    '1e3',
    '.5',
    '-1',
    '~',
    'a b',
    '第',
    '\\',
    '\t',
    '\r\n',
    '?',
    '<<',
    '%',
    '---',
    '...',
    '@',
    '\u2028',
    '\ufeff',
    '½',
  ]
  const change = fc.record({
    at: fc.nat(inLines.length),
    drop: fc.integer({ min: 0, max: 6 }),
    put: fc.array(fc.constantFrom(...pieces, ...words), { maxLength: 3 }).map(parts => parts.join('')),
  })
  const lines = inLines.split('\n')
  const anyLines = fc
    .array(fc.constantFrom(...lines, '', '  - id: x', '    name: y', '  - { a: b }', '      deep: 1'), {
      maxLength: 12,
    })
    .map(some => some.join('\n'))
  const changed = fc
    .tuple(fc.oneof(fc.constant(inLines), anyLines), fc.array(change, { maxLength: 2 }))
    .map(([from, changes]) =>
      changes.reduce((text, { at, drop, put }) => text.slice(0, at) + put + text.slice(at + drop), from),
    )
  let read = 0
  fc.assert(
    fc.property(changed, text => {
      const content = plainContent(text)
      if (content === undefined) return
      read++
      expect(parsed(text)).toEqual({ content, isGood: true })
    }),
    { numRuns: 2000 },
  )
  expect(read).toBeGreaterThan(100)
})
