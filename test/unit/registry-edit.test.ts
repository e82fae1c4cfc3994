import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { parseRegistry } from '../../gateway/devices/registry-file.ts'
import { addAccount, addDevice, addSite } from '../../gateway/provisioning/add-command.ts'
import type { Command } from '../../gateway/provisioning/arguments.ts'
import { check } from '../../gateway/provisioning/check-command.ts'
import { disable, enable } from '../../gateway/provisioning/disable-command.ts'
import { RegistryText } from '../../gateway/provisioning/registry-text.ts'
import { replaceFile } from '../../gateway/provisioning/replace-file.ts'
import { rotate } from '../../gateway/provisioning/rotate-command.ts'
import { hashOf } from '../../gateway/provisioning/secret.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { command, shown } from '../helpers/registry-command.ts'

const hash = (letter: string) => `sha256:${letter.repeat(64)}`
/** As people write it: comments everywhere, forms of its own, an order of its own. */
const written = `# Registry of the zone. Ask Li before you change it.
version: 1   # always

endpoints: [{ id: centre, url: "https://centre.example/", secretEnv: CENTRE_SECRET }]

sites:
  # the east
  - { id: school-01,   name: '第一小学', kind: school }   # 300 children
  - {id: compound-01, name: "绿苑: 小区", kind: compound, contacts: [{name: 门卫, phone: "0351-1"}]}

devices:
  - id: button-1     # behind the gate
    # moved in May
    site: school-01
    kind: panic-button

    secretHash: "${hash('a')}"   # of 2026
  # - id: button-0
  - id:   clear-1
    secret: abc      # to be mended
    site:  school-01
    kind: sensor
# the end of devices
`
const fileOf = (text: string): string => {
  const file = join(temporaryDirectory(), 'registry.yaml')
  writeFileSync(file, text)
  return file
}
/** What the commands make of it, with each new hash named by its order: <1>, <2>, … */
function edited(text: string, ...runs: [Command, string[]][]): string {
  const file = fileOf(text)
  const hashes: string[] = []
  for (const [one, args] of runs) {
    const result = command(one, file, args)
    expect(result.wrong).toEqual([])
    if (/^secret of/m.test(result.lines.join('\n'))) hashes.push(hashOf(shown(result)))
  }
  return hashes.reduce((now, one, index) => now.replaceAll(one, `<${index + 1}>`), command(check, file, []).text)
}

test('what is not changed stays to the letter: comments, order, forms, blank lines', () => {
  const text = edited(
    written,
    [addSite, ['school-02', '--name', '第二小学, 东', '--kind', 'school', '--lat', '37.7', '--lon', '112.5']],
    [addDevice, ['button-2', '--site', 'school-02', '--kind', 'panic-button', '--name', '按钮: 2']],
    [addAccount, ['engineer']],
    [rotate, ['button-1']],
    [rotate, ['clear-1']],
    [disable, ['button-1', 'button-2']],
  )
  const expected = written
    .replace(
      /(绿苑.*\n)/,
      `$1  - { id: school-02, name: "第二小学, 东", kind: school, location: { lat: 37.7, lon: 112.5, crs: wgs84 } }\n`,
    )
    .replace(
      `"${hash('a')}"   # of 2026\n`,
      `"<3>"   # of 2026\n    previousSecretHash: "${hash('a')}"\n    disabled: true\n`,
    )
    .replace('secret: abc  ', 'secretHash: "<4>"  ')
    .replace(
      'kind: sensor\n',
      `kind: sensor
    previousSecretHash: "${hashOf('abc')}"
  - id: button-2
    site: school-02
    kind: panic-button
    name: "按钮: 2"
    secretHash: "<1>"
    disabled: true
`,
    )
  expect(text).toBe(`${expected}accounts:\n  - { id: engineer, role: monitor, secretHash: "<2>" }\n`)
})

test('what was done is undone without a trace', () => {
  const file = fileOf(written)
  command(disable, file, ['--site', 'school-01'])
  expect(parse(command(check, file, []).text).devices).toMatchObject([{ disabled: true }, { disabled: true }])
  expect(command(enable, file, ['button-1', 'clear-1']).text).toBe(written)
  const made = shown(command(rotate, file, ['button-1']))
  expect(command(rotate, file, ['button-1', '--finish']).text).toBe(written.replace(hash('a'), hashOf(made)))
})

describe('each form in which a registry may be written', () => {
  const device = `{ id: d, site: s, kind: sensor, secretHash: "${hash('b')}" }`
  const site = '{ id: s, name: s, kind: school }'
  test.each<[string, string, string, [Command, string[]]]>([
    [
      'no list yet',
      'version: 1',
      'version: 1\nsites:\n  - { id: s, name: s, kind: school }\n',
      [addSite, ['s', '--name', 's', '--kind', 'school']],
    ],
    [
      'an empty list',
      'version: 1\nsites:   # none\n',
      `version: 1\nsites:   # none\n  - ${site}\n`,
      [addSite, ['s', '--name', 's', '--kind', 'school']],
    ],
    [
      'an empty list in brackets',
      'version: 1\nsites: []  # none\n',
      `version: 1\nsites:  # none\n  - ${site}\n`,
      [addSite, ['s', '--name', 's', '--kind', 'school']],
    ],
    [
      'a list in brackets',
      `version: 1\nsites: [${site}] # all\ndevices: [${device}]\n`,
      `version: 1\nsites: [${site}] # all\ndevices: [${device.replace(' }', ', disabled: true }')}]\n`,
      [disable, ['d']],
    ],
    [
      'dashes without an indent',
      `version: 1\nsites:\n- ${site}\ndevices:\n- ${device}`,
      `version: 1\nsites:\n- ${site}\ndevices:\n- ${device}\n- { id: e, site: s, kind: sensor, secretHash: "<1>" }\n`,
      [addDevice, ['e', '--site', 's', '--kind', 'sensor']],
    ],
    [
      'line ends of Windows',
      `version: 1\r\nsites:\r\n  - ${site}\r\n`,
      `version: 1\r\nsites:\r\n  - ${site}\r\n  - { id: t, name: t, kind: school }\r\n`,
      [addSite, ['t', '--name', 't', '--kind', 'school']],
    ],
    [
      'JSON',
      `{"version": 1, "sites": [${JSON.stringify({ id: 's', name: 's', kind: 'school' })}]}`,
      `{"version": 1, "sites": [${JSON.stringify({ id: 's', name: 's', kind: 'school' })}, { id: t, name: t, kind: school }]}`,
      [addSite, ['t', '--name', 't', '--kind', 'school']],
    ],
    [
      'disabled first',
      `version: 1\nsites: [${site}]\ndevices:\n  - disabled: true # stolen\n    id: d\n    site: s\n    kind: sensor\n    secretHash: "${hash('b')}"\n`,
      `version: 1\nsites: [${site}]\ndevices:\n  - id: d\n    site: s\n    kind: sensor\n    secretHash: "${hash('b')}"\n`,
      [enable, ['d']],
    ],
    [
      'disabled: false',
      `version: 1\nsites: [${site}]\ndevices:\n  - ${device.replace(' }', ', disabled: false }')}\n`,
      `version: 1\nsites: [${site}]\ndevices:\n  - ${device.replace(' }', ', disabled: true }')}\n`,
      [disable, ['d']],
    ],
    [
      'an entry over lines in braces',
      `version: 1\nsites:\n  - ${site}\ndevices:\n  - { id: d, # the one\n      site: s, kind: sensor,\n      secretHash: "${hash('b')}"\n    } # end\n`,
      `version: 1\nsites:\n  - ${site}\ndevices:\n  - { id: d, # the one\n      site: s, kind: sensor,\n      secretHash: "${hash('b')}", disabled: true\n    } # end\n`,
      [disable, ['d']],
    ],
  ])('%s', (_, before, after, run) => expect(edited(before, run)).toBe(after))

  test('whatever the file, the result holds what was meant and nothing else', () => {
    const comments = fc.constantFrom('', ' # x', '\n# x', '\n  # x', '\n')
    const forms = fc.record({
      style: fc.constantFrom<'block' | 'flow'>('block', 'flow'),
      indentSeq: fc.boolean(),
      indent: fc.constantFrom(2, 4),
      eol: fc.constantFrom('\n', '\r\n'),
      behind: fc.array(comments, { minLength: 20, maxLength: 20 }),
      act: fc.constantFrom('add', 'disable', 'rotate', 'now'),
    })
    const content = parse(written)
    let done = 0
    fc.assert(
      fc.property(forms, ({ style, indentSeq, indent, eol, behind, act }) => {
        const printed = stringify(content, { indent, indentSeq, lineWidth: 0, collectionStyle: 'block' })
        const flow = `version: 1\nsites:\n${content.sites.map((site: object) => `  - ${stringify(site, { collectionStyle: 'flow', lineWidth: 0 })}`).join('')}devices:\n${content.devices.map((one: object) => `  - ${stringify(one, { collectionStyle: 'flow', lineWidth: 0 })}`).join('')}`
        const lines = (style === 'block' ? printed : flow).trimEnd().split('\n')
        const text = lines
          .map((line, index) => line + (behind[index % 20] ?? ''))
          .join('\n')
          .replaceAll('\n', eol)
        // A comment may break what it is put into: then there is nothing to edit.
        if (parseRegistry(text, 'r').registry === undefined) return
        const registry = new RegistryText(text, 'r')
        if (act === 'add')
          registry.add('devices', { id: 'new', site: 'school-01', kind: 'sensor', secretHash: hash('c') })
        if (act === 'disable') registry.change('devices', 'button-1', { disabled: true })
        if (act === 'rotate')
          registry.change('devices', 'button-1', { secretHash: hash('c'), previousSecretHash: hash('a') })
        if (act === 'now') registry.exchange('devices', 'clear-1', 'secret', 'secretHash', hash('c'))
        const result = registry.result()
        done++
        // Each line of before that is not about what was changed is there still, in its order.
        const now = result.split(eol)
        let at = 0
        for (const line of text.split(eol)) {
          const found = now.indexOf(line, at)
          if (found >= 0) at = found + 1
          else expect(line).toMatch(act === 'now' ? /secret: abc/ : /button-1|secretHash/)
        }
      }),
      { numRuns: 60 },
    )
    expect(done).toBeGreaterThan(25)
  })
})

describe('refused, with the file as it was', () => {
  const site = ['--site', 'school-01', '--kind', 'sensor']
  test.each<[string, Command, string[], string | RegExp]>([
    ['an id that is there', addDevice, ['button-1', ...site], 'devices: button-1 is there already'],
    ['an id that is none', addDevice, ['Knopf 1', ...site], /^devices: Knopf 1: id: must be 1–64 of/],
    [
      'a site that is not there',
      addDevice,
      ['x', '--site', 'nowhere', '--kind', 'sensor'],
      'there is no site nowhere; add-site makes one',
    ],
    [
      'a kind that is none',
      addDevice,
      ['x', '--site', 'school-01', '--kind', 'toaster'],
      /^devices: x: kind: must be one of panic-button, /,
    ],
    ['nothing said', addDevice, [], 'id of a device is missing'],
    ['a word too many', addSite, ['a', 'b'], 'one id of a site at a time; b is one too many'],
    [
      'a place that is no number',
      addSite,
      ['a', '--name', 'a', '--kind', 'school', '--lat', 'x'],
      '--lat is "x": it must be a number',
    ],
    [
      'minutes that are none',
      addSite,
      ['a', '--name', 'a', '--kind', 'school', '--response-minutes', '2'],
      /^sites: a: responseMinutes: must be 1, 3 or 5/,
    ],
    ['an account like a device', addAccount, ['button-1'], 'devices: button-1 is there already'],
    ['a device that is not there', rotate, ['nobody'], 'there is no device or account nobody'],
    ['a site that is not there, of rotate', rotate, ['--site', 'nowhere'], 'there is no site nowhere'],
    ['two ways at once', rotate, ['button-1', '--now', '--finish'], /one at a time/],
    [
      'a rotation that is not under way',
      rotate,
      ['button-1', '--finish'],
      'no rotation of button-1 is under way; nothing was changed',
    ],
    ['nobody named', disable, [], 'whose? Name ids, or a site with --site'],
    ['an option that is none', disable, ['--all'], /^unknown: --all/],
  ])('%s', (_, one, args, wrong) => {
    const { wrong: found, text } = command(one, fileOf(written), args)
    expect(found).toEqual([typeof wrong === 'string' ? wrong : expect.stringMatching(wrong)])
    expect(text).toBe(written)
  })

  test('a rotation while one is under way: nobody knows here which secret the device has', () => {
    const file = fileOf(written)
    const first = command(rotate, file, ['button-1'])
    const second = command(rotate, file, ['button-1'])
    expect([second.wrong[0], second.text]).toEqual([
      expect.stringMatching(/^a rotation of button-1 is under way/),
      first.text,
    ])
    const again = command(rotate, file, ['button-1', '--again'])
    expect(parse(again.text).devices[0]).toMatchObject({
      secretHash: hashOf(shown(again)),
      previousSecretHash: hash('a'),
    })
    const now = command(rotate, file, ['button-1', '--now'])
    expect(parse(now.text).devices[0]).toEqual({
      id: 'button-1',
      site: 'school-01',
      kind: 'panic-button',
      secretHash: hashOf(shown(now)),
    })
  })

  test('a file with mistakes of its own: they are told', () => {
    const text = written.replace('kind: sensor', 'kind: toaster')
    const result = command(disable, fileOf(text), ['button-1'])
    expect(result.wrong).toEqual([expect.stringMatching(/registry\.yaml:\d+: devices: clear-1: kind: must be one of/)])
    expect(result.text).toBe(text)
  })

  const device = (id: string, secretHash: string) => `{ id: ${id}, site: s, kind: sensor, secretHash: ${secretHash} }`
  const one = `version: 1\nsites: [{ id: s, name: s, kind: school }]\n`
  test.each([
    [
      'an anchor that others refer to',
      `${one}devices:\n  - ${device('d', `&h "${hash('b')}"`)}\n  - ${device('e', '*h')}\n`,
      /: Unresolved alias/,
    ],
    [
      'a list that is an alias',
      `${one}more: &l [${device('d', `"${hash('b')}"`)}]\ndevices: *l\n`,
      /an anchor or alias.*make it by hand$/,
    ],
  ])('what can not be changed without changing something else: %s', (_, text, wrong) => {
    const result = command(rotate, fileOf(text), ['d', '--now'])
    expect(result.wrong).toEqual([expect.stringMatching(wrong)])
    expect(result.text).toBe(text)
  })

  test('a file that somebody else has edited meanwhile', () => {
    const file = fileOf(written)
    expect(() => replaceFile(file, 'version: 1\n', 'something else')).toThrow(/edited meanwhile/)
    expect(command(check, file, []).text).toBe(written)
  })
})

test('the file keeps its mode, a secret is written for its owner only, and never over a file that is there', () => {
  const file = fileOf(written)
  const secrets = join(temporaryDirectory(), 'secrets.csv')
  const args = ['--site', 'school-01', '--kind', 'sensor', '--secrets', secrets]
  const mode = statSync(file).mode
  expect(command(addDevice, file, ['x', ...args]).lines.join()).not.toMatch(/secret of x/)
  expect([statSync(file).mode, statSync(secrets).mode & 0o777]).toEqual([mode, 0o600])
  const { text } = command(check, file, [])
  expect(() => command(addDevice, file, ['y', ...args])).toThrow(/EEXIST/)
  expect(command(check, file, []).text).toBe(text)
})
