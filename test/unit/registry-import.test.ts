import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseCsv } from '../../gateway/provisioning/csv.ts'
import { importCsv } from '../../gateway/provisioning/import-command.ts'
import { hashOf } from '../../gateway/provisioning/secret.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { command } from '../helpers/registry-command.ts'

const hash = `sha256:${'ab'.repeat(32)}`
const before = `version: 1
sites:
  - { id: school-01, name: 第一小学, kind: school } # the first
devices:
  - { id: button-1, site: school-01, kind: panic-button, name: old, secretHash: "${hash}" }
accounts:
  - { id: engineer, role: monitor, secretHash: "${hash}" }
`
function stand(csv: Record<string, string | Buffer>) {
  const dir = temporaryDirectory()
  const registry = join(dir, 'registry.yaml')
  writeFileSync(registry, before)
  for (const [name, text] of Object.entries(csv)) writeFileSync(join(dir, name), text)
  const run = (...args: string[]) => {
    const { wrong, ...result } = command(
      importCsv,
      registry,
      args.map(arg => (arg in csv || arg === 'secrets' ? join(dir, arg) : arg)),
    )
    return { ...result, wrong: wrong.map(line => line.replaceAll(`${dir}/`, '')) }
  }
  return { dir, run }
}

test.each<[string, string, string[][]]>([
  [
    'a BOM, CRLF and no last line end',
    '\ufeffid,name\r\na,b\r\nc,d',
    [
      ['id', 'name'],
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'quotes',
    'id,name\n"a","b ""c"", d"\n',
    [
      ['id', 'name'],
      ['a', 'b "c", d'],
    ],
  ],
  [
    'a line break in quotes',
    'a,"b\nc"\nd,e\n',
    [
      ['a', 'b\nc'],
      ['d', 'e'],
    ],
  ],
  [
    'blank lines and empty cells',
    'a,,b\n\n,,\n c , \n',
    [
      ['a', '', 'b'],
      ['c', ''],
    ],
  ],
  ['nothing', '', []],
])('CSV: %s', (_, text, cells) => {
  const { rows, mistakes } = parseCsv(text)
  expect([rows.map(row => row.cells), mistakes]).toEqual([cells, []])
})

test('lines are counted where a cell goes over several', () => {
  expect(parseCsv('a\n"b\n\nc"\nd').rows.map(({ line }) => line)).toEqual([1, 2, 5])
  expect(parseCsv('a\n"b"x,c\nd').mistakes).toEqual(['2: something stands behind the closing quote of cell 1'])
  expect(parseCsv('a\n\n"b').mistakes).toEqual(['3: a quote that begins here has no end'])
})

test('sites and devices of two files are added, the devices with secrets', () => {
  const { dir, run } = stand({
    'sites.csv':
      'id,name,kind,address,lat,lon,contacts,Response Minutes,self_test\nschool-02,"小学, 东",school,街 1,37.7,112.5,梁某 0351-1；王 某 110,5,yes\n',
    'devices.csv': `ID,site,kind,name,externalId,secretHash\nbutton-2,school-02,panic-button,,01234567890123456789,\nbutton-3,school-01,sensor,x,,${hash}\nbutton-1,school-01,sensor,new,,\n`,
  })
  const { lines, text, wrong } = run('sites.csv', 'devices.csv', '--secrets', 'secrets')
  expect(wrong).toEqual([])
  expect(lines[0]).toMatch(/sites: 1 added, 0 there already; devices: 2 added, 1 there already$/)
  const [header, secret, ...rest] = readFileSync(join(dir, 'secrets'), 'utf8').trimEnd().split('\n')
  const [id, value] = (secret as string).split(',')
  expect([header, id, rest, statSync(join(dir, 'secrets')).mode & 0o777]).toEqual(['id,secret', 'button-2', [], 0o600])
  const { sites, devices } = parse(text)
  expect(sites[1]).toEqual({
    id: 'school-02',
    name: '小学, 东',
    kind: 'school',
    address: '街 1',
    location: { lat: 37.7, lon: 112.5 },
    contacts: [
      { name: '梁某', phone: '0351-1' },
      { name: '王 某', phone: '110' },
    ],
    responseMinutes: 5,
    selfTest: true,
  })
  expect(devices.slice(1)).toEqual([
    {
      id: 'button-2',
      site: 'school-02',
      kind: 'panic-button',
      externalId: '01234567890123456789',
      secretHash: hashOf(value as string),
    },
    { id: 'button-3', site: 'school-01', kind: 'sensor', name: 'x', secretHash: hash },
  ])
  expect(text.startsWith(before.slice(0, before.indexOf('devices')).trimEnd())).toBe(true)
  expect(text).toContain('name: old')
})

test('one file may hold both, by a column type; without --secrets they are shown as CSV', () => {
  const { run } = stand({
    'all.csv': 'type,id,site,kind,name\nsite,school-02,,school,东\ndevice,button-2,school-02,sensor,\n',
  })
  const { lines, wrong } = run('all.csv')
  expect(wrong).toEqual([])
  expect(lines.at(-1)).toMatch(/^id,secret\nbutton-2,[\w-]{43}$/)
})

test('--update takes over what the CSV says of those that are there, and leaves their secrets', () => {
  const { run } = stand({
    'devices.csv': `id,site,kind,name,placement,secretHash\nbutton-1,school-01,sensor,new,,sha256:${'00'.repeat(32)}\n`,
  })
  expect(run('devices.csv').text).toBe(before)
  const { text, lines } = run('devices.csv', '--update')
  expect(lines[0]).toMatch(/devices: 0 added, 1 changed, 0 as before$/)
  expect(text).toBe(before.replace('kind: panic-button, name: old', 'kind: sensor, name: new'))
  expect(run('devices.csv', '--update').lines[0]).toMatch(/0 changed, 1 as before$/)
})

test('--dry-run changes nothing', () => {
  const { run } = stand({ 'devices.csv': 'id,site,kind\nbutton-2,school-01,sensor\n' })
  const { text, lines } = run('devices.csv', '--dry-run')
  expect([text, lines.join('\n')]).toEqual([before, expect.stringMatching(/1 added.*\nNothing was changed/s)])
})

describe('every mistake by its line, and nothing is changed', () => {
  test.each<[string, string | Buffer, (string | RegExp)[]]>([
    [
      'of form',
      'id,site,kind\nButton,school-01,sensor\nb,school-01,toaster\n,school-01,sensor\n',
      [
        /^c\.csv:2: Button: id: must be 1–64 of/,
        /^c\.csv:3: b: kind: must be one of panic-button/,
        /^c\.csv:4: id: is missing; must be text/,
      ],
    ],
    [
      'of sites',
      'id,name,kind,lat,lon,contacts,selfTest\na,a,school,x,200,x,maybe\n',
      [
        'c.csv:2: a: lat: must be a number',
        'c.csv:2: a: contacts: must be NAME PHONE; NAME PHONE; …',
        'c.csv:2: a: selfTest: must be true or false',
        'c.csv:2: a: location: lon: must be at most 180',
      ],
    ],
    [
      'between lines',
      'id,site,kind\na,school-01,sensor\na,school-01,sensor\nb,nowhere,sensor\nengineer,school-01,sensor\n',
      [
        'c.csv:3: a: stands in c.csv:2 too',
        'c.csv:5: engineer: is the id of an account',
        'c.csv:4: b: site: nowhere is neither in the registry nor in the CSV',
      ],
    ],
    [
      'a comma without quotes',
      'id,site,kind,name\na,school-01,sensor,x,y\n',
      [/^c\.csv:2: has 5 cells, and the header 4; a comma/],
    ],
    ['a column that is none', 'id,site,kind,fone\n', [/^c\.csv:1: column "fone" is not known; known are sites: id, /]],
    ['a column twice', 'id,site,ID\n', ['c.csv:1: column ID is there twice']],
    ['no ids', 'site,kind\n', ['c.csv:1: column id is missing']],
    ['nothing', '', [/^c\.csv:1: is empty/]],
    [
      'another encoding',
      Buffer.from([0x69, 0x64, 0x0a, 0xb5, 0xda]),
      ['c.csv:1: is not UTF-8; save it as "CSV UTF-8"'],
    ],
    ['a type that is none', 'type,id\nalarm,x\n', ['c.csv:2: type: must be site or device']],
    [
      'a cell in a column of the others',
      'type,id,name,kind,site\nsite,a,a,school,school-01\n',
      ['c.csv:2: a: site: is no column of sites; leave the cell empty'],
    ],
  ])('%s', (_, csv, wrong) => {
    const { run } = stand({ 'c.csv': csv })
    const result = run('c.csv', '--update')
    expect(result.wrong).toEqual(wrong.map(text => (typeof text === 'string' ? text : expect.stringMatching(text))))
    expect(result.text).toBe(before)
  })
})
