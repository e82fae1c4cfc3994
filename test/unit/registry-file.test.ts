import { describe, expect, test } from 'vitest'
import { parseRegistry, readRegistry } from '../../gateway/devices/registry-file.ts'
import { ConfigError } from '../../gateway/errors.ts'

const hash = `sha256:${'ab'.repeat(32)}`
const good = `version: 1
sites:
  - { id: school-01, name: 第一小学, kind: school }
devices:
  - id: button-1
    site: school-01
    kind: panic-button
    secretHash: "${hash}"
endpoints:
  - { id: centre, url: "https://centre.example/", secretEnv: CENTRE_SECRET }
accounts:
  - { id: engineer, role: monitor, secretHash: "${hash}" }
`

function mistakesOf(text: string): readonly string[] {
  try {
    parseRegistry(text, 'registry.yaml')
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
  return []
}
/** `good` with one line replaced, or others after it. */
const withLine = (line: number, text: string) =>
  good
    .split('\n')
    .with(line - 1, text)
    .join('\n')

test('a good file is read, without a warning', () => {
  const { registry, warnings } = parseRegistry(good, 'registry.yaml')
  expect(warnings).toEqual([])
  expect(registry.device('button-1')).toMatchObject({ site: 'school-01', kind: 'panic-button', siteKind: 'school' })
  expect(registry.site('school-01')).toMatchObject({ name: '第一小学', responseMinutes: 3, contacts: [] })
  expect(registry.endpoints).toMatchObject([{ id: 'centre', level: 0 }])
  expect(registry.account('engineer')).toMatchObject({ role: 'monitor' })
})

test('a file with nothing but its version is a registry of nobody', () => {
  expect([...parseRegistry('version: 1\n', 'registry.yaml').registry.devices()]).toEqual([])
})

test('a file that is not there is named, with how to make one', () => {
  expect(() => readRegistry('/nonexistent/registry.yaml')).toThrow(
    /^GATEHOUSE_REGISTRY: \/nonexistent\/registry\.yaml can't be read \(ENOENT.+\); npm run sim -- registry makes one/,
  )
})

describe('a mistake is told with its line and what it is about', () => {
  test.each<[string, string, string | RegExp]>([
    ['an empty file', '', /^registry\.yaml:1: version: /],
    ['a key that is there twice', 'version: 1\nversion: 1\n', /^registry\.yaml:2: Map keys must be unique/],
    ['a list instead of a mapping', '- 1\n- 2\n', /^registry\.yaml:1: /],
    ['another version', withLine(1, 'version: 2'), /^registry\.yaml:1: version: /],
    ['an id that is none', withLine(5, '  - id: Button_1'), /^registry\.yaml:5: devices\.0\.id: /],
    ['an unknown kind of device', withLine(7, '    kind: toaster'), /^registry\.yaml:7: devices\.0\.kind: /],
    [
      'an unknown kind of site',
      withLine(3, '  - { id: school-01, name: x, kind: zoo }'),
      /^registry\.yaml:3: sites\.0\.kind: /,
    ],
    [
      'a hash that is none',
      withLine(8, '    secretHash: abc'),
      'registry.yaml:8: devices.0.secretHash: must be "sha256:" and 64 hex digits; npm run registry -- secret makes one',
    ],
    [
      'a site that is not there',
      withLine(6, '    site: school-02'),
      'registry.yaml:6: devices: button-1 stands at site school-02, which is not among the sites',
    ],
    [
      'a device without a secret',
      withLine(8, '    name: 按钮'),
      'registry.yaml:5: devices: button-1 has no secretHash; npm run registry -- secret makes one',
    ],
    [
      'a device with both',
      withLine(8, `    secretHash: "${hash}"\n    secret: abc`),
      'registry.yaml:5: devices: button-1 has both secret and secretHash; keep secretHash',
    ],
    [
      'a device twice',
      withLine(
        8,
        `    secretHash: "${hash}"\n  - { id: button-1, site: school-01, kind: sensor, secretHash: "${hash}" }`,
      ),
      'registry.yaml:9: devices: button-1 is there twice; ids are unique',
    ],
    [
      'an account with the id of a device',
      withLine(12, `  - { id: button-1, role: monitor, secretHash: "${hash}" }`),
      "registry.yaml:12: accounts: button-1 is a device's id too; give the account another",
    ],
    [
      'an endpoint without a secret',
      withLine(10, '  - { id: centre, url: "https://centre.example/" }'),
      'registry.yaml:10: endpoints: centre needs one of secretEnv (or, for development, secret)',
    ],
    [
      'an endpoint whose URL is none',
      withLine(10, '  - { id: centre, url: "ftp://centre/", secretEnv: X }'),
      /^registry\.yaml:10: endpoints\.0\.url: /,
    ],
    ['a missing field', withLine(7, '    name: x'), /^registry\.yaml:5: devices\.0\.kind: /],
  ])('%s', (_, text, mistake) => {
    const mistakes = mistakesOf(text)
    expect(mistakes).toEqual([typeof mistake === 'string' ? mistake : expect.stringMatching(mistake)])
  })

  test('all at once', () => {
    const text = withLine(6, '    site: school-02').replace('secretEnv: CENTRE_SECRET', 'level: 0')
    expect(mistakesOf(text).map(mistake => mistake.split(':')[1])).toEqual(['6', '10'])
  })
})

test('a secret in clear is accepted with a warning that does not repeat it', () => {
  const text = withLine(8, '    secret: s3cret').replace('secretEnv: CENTRE_SECRET', 'secret: whsec_s3cret')
  const { warnings } = parseRegistry(text, 'registry.yaml')
  expect(warnings).toEqual([
    'registry.yaml:8: devices: button-1 has its secret in clear; keep its secretHash instead',
    'registry.yaml:10: endpoints: centre has its secret in clear; use secretEnv',
  ])
})
