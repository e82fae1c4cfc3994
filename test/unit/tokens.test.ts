import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Config, readConfig } from '../../gateway/config.ts'
import type { Log } from '../../gateway/log.ts'
import { add, digestOf, revoke } from '../../gateway/tokens/change.ts'
import { changeTokens, readTokenFile, tokenFileIn } from '../../gateway/tokens/file.ts'
import { Tokens } from '../../gateway/tokens/tokens.ts'
import { temporaryDirectory } from '../helpers/directory.ts'

const now = Date.parse('2026-11-24T00:00:00.000Z')
const viewer = (name: string) => ({ name, role: 'viewer' as const, digest: digestOf(`token of ${name}`) })

function world(more: Partial<Config> = {}) {
  const dataDir = temporaryDirectory()
  const file = tokenFileIn(dataDir)
  const shown: string[] = []
  const logged: string[] = []
  const audited: [string, string | null][] = []
  const note = (line: { err?: string }, message: string) => void logged.push(`${message} ${line.err ?? ''}`.trim())
  const start = () =>
    new Tokens({
      config: { ...readConfig({}).config, dataDir, ...more },
      log: { info: note, error: note } as unknown as Log,
      showToken: token => shown.push(token),
      audit: async ({ what, subject }) => void audited.push([what, subject]),
    })
  const change = (work: Parameters<typeof changeTokens>[2]) => changeTokens(file, Date.now(), work)
  return { dataDir, file, shown, logged, audited, start, change }
}
const names = (tokens: Tokens) => tokens.inForce().map(({ name }) => name)
const settings = { apiTokens: [{ name: 'ann', role: 'viewer' as const, token: 't1' }] }

describe('in force', () => {
  test('at a first start is the admin token that is shown; one of the file needs none', () => {
    const { shown, start, change, dataDir } = world()
    expect(names(start())).toEqual(['admin'])
    expect(shown).toHaveLength(1)
    change(tokens => add(tokens, viewer('wall'), now))
    expect(names(start())).toEqual(['admin', 'wall'])
    rmSync(join(dataDir, 'admin-token.sha256'))
    expect(names(start())).toEqual(['wall'])
    expect(shown).toHaveLength(1)
  })

  test('are those of the settings beside those of the file', () => {
    const { shown, start, change } = world(settings)
    change(tokens => add(tokens, viewer('wall'), now))
    expect(start().inForce()).toEqual([
      { name: 'ann', role: 'viewer', digest: createHash('sha256').update('t1').digest() },
      { name: 'wall', role: 'viewer', digest: createHash('sha256').update('token of wall').digest() },
    ])
    expect(shown).toEqual([])
  })

  test('is never one name twice', () => {
    const { start, change, file } = world(settings)
    change(tokens => add(tokens, viewer('ann'), now))
    expect(start).toThrow(`the token ann is in GATEHOUSE_API_TOKENS and in ${file}`)
  })

  test('is nothing where the file is damaged: the start ends', () => {
    const { start, file } = world()
    writeFileSync(file, '{')
    expect(start).toThrow(`${file}: is not JSON; put it back from a backup`)
  })
})

describe('while the gateway runs', () => {
  test('changes are taken up, once, and told to the audit log', async () => {
    const { start, change, audited, logged } = world()
    const tokens = start()
    await tokens.look()
    change(kept => add(kept, viewer('wall'), now))
    await tokens.look()
    expect(names(tokens)).toEqual(['admin', 'wall'])
    await tokens.look()
    change(kept => kept.map(token => ({ ...token, digest: digestOf('new') })))
    await tokens.look()
    change(kept => revoke(kept, 'wall'))
    await tokens.look()
    expect(names(tokens)).toEqual(['admin'])
    expect(audited).toEqual([
      ['token.added', 'wall'],
      ['token.added', 'wall'],
      ['token.revoked', 'wall'],
    ])
    expect(logged).toEqual(Array(3).fill('tokens.changed'))
  })

  test.each<[string, (file: string) => void, RegExp]>([
    ['is damaged', file => writeFileSync(file, '{"version":1'), /tokens\.json: is not JSON/],
    ['is gone', file => rmSync(file), /tokens\.json: is gone/],
    [
      'has a name of the settings',
      file => changeTokens(file, now, tokens => add(tokens, viewer('ann'), now)),
      /the token ann is in GATEHOUSE_API_TOKENS/,
    ],
  ])('a file that %s changes nothing and is logged once; mended it counts', async (_, harm, why) => {
    const { start, change, file, logged } = world(settings)
    change(kept => add(kept, viewer('wall'), now))
    const good = readFileSync(file)
    const tokens = start()
    await tokens.look()
    harm(file)
    await tokens.look()
    await tokens.look()
    expect(names(tokens)).toEqual(['ann', 'wall'])
    expect(logged).toEqual([expect.stringMatching(why)])
    writeFileSync(file, good)
    change(kept => add(kept, viewer('gate'), now))
    await tokens.look()
    expect(names(tokens)).toEqual(['ann', 'wall', 'gate'])
  })

  test('the admin token of the first start goes when it has moved into the file, or was revoked there', async () => {
    const { start, change, dataDir } = world()
    const tokens = start()
    await tokens.look()
    change(kept => add(kept, { ...viewer('admin'), role: 'admin' }, now))
    await tokens.look()
    expect(tokens.inForce()).toEqual([
      { name: 'admin', role: 'admin', digest: createHash('sha256').update('token of admin').digest() },
    ])
    rmSync(join(dataDir, 'admin-token.sha256'))
    change(kept => revoke(kept, 'admin'))
    await tokens.look()
    expect(names(tokens)).toEqual([])
    expect(names(start())).toEqual([])
  })
})

describe('the file', () => {
  test('is readable by its user only, holds no token, and nothing is left beside it', () => {
    const { change, file, dataDir } = world()
    change(kept => add(kept, viewer('wall'), now))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).not.toContain('token of wall')
    expect(readdirSync(dataDir)).toEqual(['tokens.json'])
  })

  test('is as it was when a change is refused', () => {
    const { change, file, dataDir } = world()
    change(kept => add(kept, viewer('wall'), now))
    const before = readFileSync(file, 'utf8')
    expect(() => change(kept => add(kept, viewer('wall'), now))).toThrow('there is a token wall already')
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(readdirSync(dataDir)).toEqual(['tokens.json'])
  })

  test('is changed by one at a time; a claim that was left behind is taken over', () => {
    const { change, file } = world()
    writeFileSync(`${file}.new`, '')
    expect(() => change(kept => kept)).toThrow('another "npm run token" is at work; try again')
    expect(existsSync(file)).toBe(false)
    const longAgo = new Date(Date.now() - 120_000)
    utimesSync(`${file}.new`, longAgo, longAgo)
    change(kept => add(kept, viewer('wall'), now))
    expect(readTokenFile(file)?.map(({ name }) => name)).toEqual(['wall'])
  })
})
