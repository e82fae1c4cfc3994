import { describe, expect, test } from 'vitest'
import { parseRegistry, readRegistry } from '../../gateway/devices/registry-file.ts'

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
  const { registry, mistakes } = parseRegistry(text, 'registry.yaml')
  expect(registry === undefined).toBe(mistakes.length > 0)
  return mistakes
}
/** `good` with one line replaced, or others after it. */
const withLine = (line: number, text: string) =>
  good
    .split('\n')
    .with(line - 1, text)
    .join('\n')

/** `good`, its site with one more field. */
const withSite = (field: string) => withLine(3, `  - { id: school-01, name: 第一小学, kind: school, ${field} }`)

test('a good file is read, without a warning', () => {
  const { registry, endpoints, mistakes, warnings } = parseRegistry(good, 'registry.yaml')
  expect([mistakes, warnings]).toEqual([[], []])
  if (registry === undefined) throw new Error('no registry')
  expect(registry.device('button-1')).toMatchObject({ site: 'school-01', kind: 'panic-button', siteKind: 'school' })
  expect(registry.site('school-01')).toMatchObject({ name: '第一小学', responseMinutes: 3, contacts: [] })
  expect(registry.endpoints).toMatchObject([{ id: 'centre', level: 0 }])
  expect(registry.endpoints).toEqual(endpoints)
  expect(registry.account('engineer')).toMatchObject({ role: 'monitor' })
})

test('a file with nothing but its version is a registry of nobody', () => {
  expect([...parseRegistry('version: 1\n', 'registry.yaml').registry!.devices()]).toEqual([])
})

test('a list with nothing in it is an empty list', () => {
  const text = `version: 1\nsites:\n  - { id: school-01, name: x, kind: school, contacts: }\ndevices:\nendpoints:\naccounts:\n`
  const { registry, mistakes, warnings } = parseRegistry(text, 'registry.yaml')
  expect([mistakes, warnings]).toEqual([[], []])
  expect(registry?.site('school-01')?.contacts).toEqual([])
  expect([...registry!.devices(), ...registry!.endpoints]).toEqual([])
  expect(mistakesOf('version: 1\nsites:\n')).toEqual([])
})

test('a file that is not there is named, with how to make one', () => {
  expect(readRegistry('/nonexistent/registry.yaml')).toMatchObject({
    registry: undefined,
    mistakes: [
      expect.stringMatching(
        /^GATEHOUSE_REGISTRY: \/nonexistent\/registry\.yaml can't be read \(ENOENT.+\); npm run sim -- registry makes one/,
      ),
    ],
  })
})

describe('a mistake is told with its line and what it is about', () => {
  test.each<[string, string, string | RegExp]>([
    ['an empty file', '', 'registry.yaml:1: version: is missing; must be 1'],
    ['a key that is there twice', 'version: 1\nversion: 1\n', /^registry\.yaml:2: Map keys must be unique/],
    [
      'a list instead of a mapping',
      '- 1\n- 2\n',
      'registry.yaml:1: must be fields with their values, each as name: value',
    ],
    ['another version', withLine(1, 'version: 2'), 'registry.yaml:1: version: must be 1'],
    [
      'an id that is none',
      withLine(5, '  - id: Button_1'),
      'registry.yaml:5: devices: entry 1: id: must be 1–64 of a–z, 0–9 and -, not starting with -',
    ],
    [
      'an unknown kind of device',
      withLine(7, '    kind: toaster'),
      'registry.yaml:7: devices: button-1: kind: must be one of panic-button, access-controller, face-checkpoint, vehicle-checkpoint, sensor',
    ],
    [
      'an unknown kind of site',
      withLine(3, '  - { id: school-01, name: x, kind: zoo }'),
      'registry.yaml:3: sites: school-01: kind: must be one of school, kindergarten, compound, checkpoint',
    ],
    [
      'a hash that is none',
      withLine(8, '    secretHash: abc'),
      'registry.yaml:8: devices: button-1: secretHash: must be "sha256:" and 64 hex digits; npm run registry -- secret makes one',
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
      'registry.yaml:10: endpoints: centre: url: must be an http or https URL',
    ],
    [
      'a missing field',
      withLine(7, '    name: x'),
      /^registry\.yaml:5: devices: button-1: kind: is missing; must be one of panic-button, /,
    ],
    [
      'a phone that is a number',
      withSite('contacts: [{ name: 门卫, phone: 13800000000 }]'),
      'registry.yaml:3: sites: school-01: contacts: entry 1: phone: must be text; put it in quotes',
    ],
    [
      'minutes that are none',
      withSite('responseMinutes: 2'),
      'registry.yaml:3: sites: school-01: responseMinutes: must be 1, 3 or 5',
    ],
    [
      'minutes in quotes',
      withSite('responseMinutes: "3"'),
      'registry.yaml:3: sites: school-01: responseMinutes: must be 1, 3 or 5, without quotes',
    ],
    [
      'a place beyond the pole',
      withSite('location: { lat: 137.7, lon: 112.5 }'),
      'registry.yaml:3: sites: school-01: location: lat: must be at most 90',
    ],
    [
      'a number in quotes',
      withSite('location: { lat: "37.7", lon: 112.5 }'),
      'registry.yaml:3: sites: school-01: location: lat: must be a number, without quotes',
    ],
    ['a field left empty', withSite('address: '), 'registry.yaml:3: sites: school-01: address: is empty; must be text'],
    [
      'an entry that is no mapping',
      withLine(3, '  - school-01\n  - { id: school-01, name: x, kind: school }'),
      'registry.yaml:3: sites: entry 1: must be fields with their values, each as name: value',
    ],
    ['a list that is none', `version: 1\naccounts: engineer\n`, 'registry.yaml:2: accounts: must be a list'],
    ['an alias without its anchor', withSite('address: *nowhere'), /^registry\.yaml.*: Unresolved alias/],
    [
      'an endpoint with both secrets',
      withLine(10, '  - { id: centre, url: "https://centre.example/", secretEnv: X, secret: y }'),
      'registry.yaml:10: endpoints: centre has both secret and secretEnv; keep secretEnv',
    ],
  ])('%s', (_, text, mistake) => {
    const mistakes = mistakesOf(text)
    expect(mistakes).toEqual([typeof mistake === 'string' ? mistake : expect.stringMatching(mistake)])
  })

  test('all at once: those of form hide none of the others', () => {
    const text = withLine(6, '    site: school-02')
      .replace('secretEnv: CENTRE_SECRET', 'level: 12')
      .replace('kind: school ', 'kind: zoo ')
      .replace('{ id: engineer, role: monitor,', '{ id: button-1, role: boss,')
    expect(mistakesOf(text)).toEqual([
      expect.stringMatching(/^registry\.yaml:3: sites: school-01: kind: must be one of/),
      'registry.yaml:10: endpoints: centre: level: must be at most 9',
      'registry.yaml:12: accounts: button-1: role: must be monitor',
      "registry.yaml:12: accounts: button-1 is a device's id too; give the account another",
      'registry.yaml:6: devices: button-1 stands at site school-02, which is not among the sites',
      'registry.yaml:10: endpoints: centre needs one of secretEnv (or, for development, secret)',
    ])
  })

  test('a key that is there twice hides nothing of the rest', () => {
    expect(mistakesOf(`${good}version: 1\n`.replace('kind: panic-button', 'kind: toaster'))).toEqual([
      expect.stringMatching(/^registry\.yaml:13: Map keys must be unique/),
      expect.stringMatching(/^registry\.yaml:7: devices: button-1: kind: /),
    ])
  })

  test('what stands there is not repeated: it may be a secret', () => {
    const text = good.replaceAll(hash, 's3cret').replace('secretEnv: CENTRE_SECRET', 'secretEnv: { a: s3cret }')
    const mistakes = mistakesOf(text)
    expect(mistakes).toHaveLength(3)
    expect(mistakes.join()).not.toContain('s3cret')
  })
})

describe('endpoints of a file with mistakes', () => {
  test('are read as far as their secrets need it', () => {
    const text = good
      .replace('kind: panic-button', 'kind: toaster')
      .replace('endpoints:', 'endpoints:\n  - { id: other, url: nowhere, level: 12, secretEnv: OTHER }\n  - { url: x }')
    expect(parseRegistry(text, 'registry.yaml').endpoints).toMatchObject([
      { id: 'other', secretEnv: 'OTHER' },
      { id: 'centre', secretEnv: 'CENTRE_SECRET', url: 'https://centre.example/' },
    ])
  })
})

describe('a field that nobody knows', () => {
  test.each<[string, string, string]>([
    [
      'a list misspelt',
      good.replace('endpoints:', 'endpoint:'),
      'registry.yaml:9: endpoint: is not known here and ignored; did you mean endpoints?',
    ],
    [
      'a field misspelt',
      good.replace('secretEnv: C', 'lvel: 1, secretEnv: C'),
      'registry.yaml:10: endpoints: centre: lvel: is not known here and ignored; did you mean level?',
    ],
    [
      'another way of writing',
      withSite('response_minutes: 5'),
      'registry.yaml:3: sites: school-01: response_minutes: is not known here and ignored; did you mean responseMinutes?',
    ],
    [
      'deep inside',
      withSite('contacts: [{ name: 门卫, phone: "110", fax: "120" }]'),
      'registry.yaml:3: sites: school-01: contacts: entry 1: fax: is not known here and ignored; known are name, phone',
    ],
  ])('%s: a warning', (_, text, warning) => {
    const { registry, warnings } = parseRegistry(text, 'registry.yaml')
    expect(registry).toBeDefined()
    expect(warnings).toEqual([warning])
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
