import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { type Block, blockOf, blocksOf, documents, root } from '../helpers/markdown.ts'
import { writeRegistry } from '../helpers/registry.ts'

/**
 * Each fenced block of the documents is known to a test: programs and requests run in samples.test.ts, the registry's and the
 * backup's lines here; of every other line the command and its flags are asked for, and the files that it names looked for.
 */
const run = promisify(execFile)
const node = process.execPath
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
const blocks = documents.flatMap(path => blocksOf(path).map(block => ({ path, ...block })))
const runBySamples = /mosquitto_|curl |export SECRET=\$/
const shell = blocks.filter(({ language, code }) => language === 'sh' && !runBySamples.test(code))

/** Commands of a block: continued lines joined, remarks gone, `a && b` as two, settings before a command gone. */
const commandsOf = ({ code }: Block): string[] =>
  code
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap(line => line.replace(/(^|\s+)# .*$|\s{2,}#.*$/, '').split(' && '))
    .map(command => command.trim().replace(/^([A-Z_]+=\S+ +)+/, ''))
    .filter(command => command !== '')

const ours = /^(npm (run|start|test|ci)|npx gatehouse)\b/
const commands = [...new Set(shell.flatMap(commandsOf))]

test('there are blocks to look at, and only of languages that a test knows', () => {
  expect(commands.length).toBeGreaterThan(20)
  const languages = new Set(blocks.map(({ language }) => language))
  for (const language of languages) expect(['', 'sh', 'json', 'yaml', 'js', 'python', 'c']).toContain(language)
  // samples.test.ts runs each program by the heading it stands under.
  const programs = blocks.filter(({ language }) => ['js', 'python', 'c'].includes(language))
  expect(programs.map(({ path, heading }) => `${path} ${heading}`)).toEqual([
    'schemas/README.md Python',
    'schemas/README.md C',
    'gateway/webhook/README.md Node',
    'gateway/webhook/README.md Python',
  ])
})

test.each(blocks.filter(({ language }) => language === 'json'))('$path line $line is JSON', ({ code }) => {
  expect(() => JSON.parse(code)).not.toThrow()
})

test.each(commands.filter(command => ours.test(command)))('%s: the command knows these words', async command => {
  const [words, flags] = split(command)
  const [file, ...args] = startOf(words)
  if (file === undefined) return
  const { stdout, stderr } = await run(node, [file, ...args, '--help'], { cwd: root })
  for (const flag of flags) expect(`${stdout}${stderr}`).toMatch(new RegExp(`${flag}\\b`))
})

test.each(commands.filter(command => !ours.test(command)))('%s: what it names is there', async command => {
  await run('bash', ['-n', '-c', command])
  for (const path of command.match(/\b(gateway|schemas|device-sim|test)\/\S+/g) ?? [])
    expect(existsSync(join(root, path))).toBe(true)
  // The test runner's files and folders are looked for above.
  if (command.startsWith('npx vitest run ')) return
  const program = command.split(' ')[0]!
  expect(['git', 'cd', 'useradd', 'install', 'echo', 'systemctl', 'journalctl', 'docker']).toContain(program)
})

test('settings that samples give are settings of the gateway, and compose has the profiles that the pages name', () => {
  const config = readFileSync(join(root, 'gateway/config.ts'), 'utf8')
  const settings = blocks.flatMap(({ code }) => code.match(/\bGATEHOUSE_[A-Z_]*[A-Z]/g) ?? [])
  expect(settings.length).toBeGreaterThan(3)
  for (const name of settings) expect(config).toContain(`'${name.replace(/_FILE$/, '')}'`)
  const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as {
    services: Record<string, { profiles?: string[] }>
  }
  const profiles = Object.values(services).flatMap(({ profiles = [] }) => profiles)
  for (const path of documents)
    for (const [, profile] of readFileSync(join(root, path), 'utf8').matchAll(/--profile (\w+)/g))
      expect(profiles).toContain(profile)
})

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-shell-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
/** A block as it stands, with the project's command and other paths. */
const runBlock = (code: string, env: Record<string, string>) =>
  run(
    'bash',
    ['--norc', '-euo', 'pipefail', '-c', code.replaceAll('npx gatehouse', `"${node}" gateway/commands/gatehouse.ts`)],
    {
      cwd: root,
      env: { PATH: process.env.PATH, ...env },
    },
  )

test('the lines that change a registry do so, one after the other', async () => {
  const file = writeRegistry(dir)
  await runBlock(blockOf('gateway/OPERATING.md', 'Devices and accounts', 'sh').code, { GATEHOUSE_REGISTRY: file })
  const { sites, devices } = parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>[]>
  expect(sites).toContainEqual(expect.objectContaining({ id: 'school-26', name: '第二十六小学', responseMinutes: 3 }))
  expect(devices).toContainEqual(expect.objectContaining({ id: 'school-26-button-01', disabled: true }))
})

test('the lines that back up, verify and restore do so while a gateway runs', async () => {
  const there = temporaryDirectory()
  const registry = writeRegistry(there)
  const dataDir = join(there, 'data')
  const gateway = await startGateway({ dataDir, registry })
  onTestFinished(gateway.kill)
  const { code } = blockOf('gateway/OPERATING.md', 'Backup and restore', 'sh')
  const elsewhere = code.replaceAll('/backup/', `${there}/backup-`).replaceAll('/var/lib/gatehouse-new', `${there}/new`)
  await runBlock(elsewhere, {
    GATEHOUSE_REGISTRY: registry,
    GATEHOUSE_DATA_DIR: dataDir,
    GATEHOUSE_PSEUDONYM_KEY: 'key-of-the-tests',
  })
  expect(existsSync(join(there, 'new/journal.sqlite'))).toBe(true)
})

/** Words that name the command, and flags. Values, paths and what stands in quotes are neither. */
function split(command: string): [string[], string[]] {
  const bare = command
    .replaceAll(/"[^"]*"/g, 'X')
    .split(' -- ')
    .join(' ')
    .split(/\s+/)
  return [bare, bare.filter(word => word.startsWith('--'))]
}

/** The file behind it and the word of the command below it; nothing for npm's own. */
function startOf(words: string[]): string[] {
  const [program, ...rest] = words
  if (program === 'npx') return ['gateway/commands/gatehouse.ts', rest[1]!, ...below(rest[1]!, rest[2])]
  const [verb, name = ''] = rest
  if (verb === 'ci') return []
  const script = scripts[verb === 'run' ? name : verb!]
  expect(script, `npm run ${name}`).toBeDefined()
  const [, file] = /node (\S+\.ts)$/.exec(script!) ?? []
  // The gateway itself has no words and flags, and is started by the other tests; check, test and bench are themselves.
  if (file === undefined || file === 'gateway/main.ts') return []
  return [file, ...(file === 'device-sim/main.ts' ? [rest[2]!] : [])]
}
const below = (command: string, word: string | undefined): string[] =>
  command === 'registry' && word !== undefined ? [word] : []
