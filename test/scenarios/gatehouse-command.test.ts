import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { createAuthority, tlsSettings } from '../helpers/certificates.ts'
import { connectDevice, panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, endpointSecret } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { button, writeRegistry } from '../helpers/registry.ts'

/** `gatehouse …` as a process with real pipes: what it says where, and its exit code. */
const root = join(import.meta.dirname, '../..')
const bin = 'gateway/commands/gatehouse.ts'

async function gatehouse(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  for (const of of ['stdout', 'stderr'] as const)
    child[of].on('data', chunk => {
      said[of] += chunk
    })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...said }
}
const commands = ['start', 'check-config', 'registry', 'token', 'audit', 'pseudonym', 'erase', 'backup', 'restore']

test('npm knows the command by its name, with the Node that the project brings', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const said = execFileSync('npm', ['exec', '--offline', '--', 'gatehouse', '--version'], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(said).toBe(`${version}\n`)
})

test('its help names each command, and each has a help of its own', async () => {
  const { code, stdout } = await gatehouse(['--help'])
  expect(code).toBe(0)
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
  const helps = await Promise.all(commands.map(command => gatehouse([command, '--help'])))
  for (const [index, help] of helps.entries())
    expect([commands[index], help.code, help.stderr, help.stdout.length > 60]).toEqual([commands[index], 0, '', true])
})

test.each<[string[], string]>([
  [['bakcup'], 'did you mean backup?'],
  [['backup', '--timout', '3'], 'did you mean --timeout?'],
  [['backup', 'verfy', 'x'], 'unknown: verfy x'],
  [['audit', 'verfy'], 'did you mean verify?'],
  [['audit', 'list', '--form', 'x'], 'did you mean --from?'],
  [['registry', 'add-devise'], 'did you mean add-device?'],
  [['registry', 'import', '--updat'], 'did you mean --update?'],
  [['token', 'ad'], 'did you mean add?'],
  [['token', 'add', 'x', 'admin', '--day', '3'], 'did you mean --days?'],
  [['pseudonym', 'rotat'], 'did you mean rotate?'],
  [['check-config', '--jsn'], 'did you mean --json?'],
  [['start', '--hlep'], 'did you mean --help?'],
])('%s: wrong use is 2, and says what was meant', async (args, says) => {
  const { code, stdout, stderr } = await gatehouse(args, { GATEHOUSE_DATA_DIR: '/nowhere' })
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

test('start is the gateway: ready, and 0 after SIGTERM', async () => {
  const dir = temporaryDirectory()
  const child = spawn(process.execPath, [bin, 'start'], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      GATEHOUSE_DATA_DIR: join(dir, 'data'),
      GATEHOUSE_REGISTRY: writeRegistry(dir),
      GATEHOUSE_MQTT_PORT: '0',
      GATEHOUSE_HTTP_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('"ready"')) child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})

test('check-config: what a start would come to, without a secret and without touching the data', async () => {
  const dir = temporaryDirectory()
  const env = {
    GATEHOUSE_DATA_DIR: join(dir, 'data'),
    GATEHOUSE_REGISTRY: writeRegistry(dir),
    GATEHOUSE_INFLUX_URL: 'http://somebody:hidden-password@127.0.0.1:8086/hidden',
    GATEHOUSE_API_TOKENS: 'duty:admin:hidden-token',
    GATEHOUSE_PSEUDONYM_KEY: 'hidden-key',
    ...tlsSettings(createAuthority(dir).issue('gateway.example')),
    GATEHOUSE_MQTTS_PORT: '8883',
    GATEHOUSE_DISPATCH_URL: 'https://dispatch.example/hidden?key=hidden',
    GATEHOUSE_DISPATCH_SECRET: endpointSecret,
  }
  const { code, stdout, stderr } = await gatehouse(['check-config', '--json'], env)
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toMatchObject({
    good: true,
    mistakes: [],
    summary: {
      sites: { all: 2, school: 1, compound: 1 },
      devices: { all: 5, 'panic-button': 4, 'access-controller': 1, disabled: 0 },
      endpoints: [{ id: 'dispatch', level: 0, at: 'https://dispatch.example' }],
      ports: { mqtt: '127.0.0.1:1883', mqtts: '127.0.0.1:8883', https: '127.0.0.1:8080' },
      tls: expect.stringMatching(/^until 20\d\d/),
      influx: 'http://127.0.0.1:8086 database gatehouse',
    },
  })
  const lines = await gatehouse(['check-config'], env)
  expect(lines.code).toBe(0)
  expect(lines.stdout).toMatch(/^sites +all 2, school 1, compound 1$/m)
  expect(lines.stdout).toMatch(/^good$/m)
  for (const said of [stdout, lines.stdout, lines.stderr]) {
    expect(said).not.toContain('hidden')
    expect(said).not.toContain(endpointSecret)
  }
  expect(existsSync(join(dir, 'data'))).toBe(false)
})

test('check-config: every mistake at once, as a start names them, and 78', async () => {
  const dir = temporaryDirectory()
  const registry = writeRegistry(dir)
  writeFileSync(registry, readFileSync(registry, 'utf8').replace('kind: school', 'kind: scool'))
  const env = {
    GATEHOUSE_DATA_DIR: join(dir, 'data'),
    GATEHOUSE_REGISTRY: registry,
    GATEHOUSE_MQTT_PORT: 'many',
    GATEHOUSE_TLS_CERT: join(dir, 'missing.pem'),
    GATEHOUSE_TLS_KEY: join(dir, 'missing.key'),
  }
  const lines = await gatehouse(['check-config'], env)
  const start = await gatehouse(['start'], env)
  expect([lines.code, start.code]).toEqual([78, 78])
  const mistakes = lines.stderr.trimEnd().split('\n')
  expect(start.stderr).toBe(`Gatehouse can't start:\n${mistakes.map(mistake => `  ${mistake}\n`).join('')}`)
  for (const part of ['GATEHOUSE_MQTT_PORT', registry, 'missing.pem', 'missing.key'])
    expect(
      mistakes.filter(mistake => mistake.includes(part)),
      part,
    ).toHaveLength(1)
  const { code, stdout } = await gatehouse(['check-config', '--json'], env)
  expect([code, JSON.parse(stdout)]).toEqual([78, { good: false, mistakes, warnings: [], summary: null }])
})

test('backup, restore and audit say one line of JSON to a program, and draw no bar into a pipe', async () => {
  const dir = temporaryDirectory()
  const [dataDir, registry] = [join(dir, 'data'), writeRegistry(dir)]
  const gateway = await startGateway({ dataDir, registry, env: dispatchTo({ url: 'http://127.0.0.1:1/' } as never) })
  onTestFinished(() => gateway.kill())
  const device = await connectDevice(gateway.mqttUrl, button(1))
  await device.publish('alarm', panic('p-1'))
  await device.end()
  const env = { GATEHOUSE_DATA_DIR: dataDir, GATEHOUSE_REGISTRY: registry }
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await gatehouse([...args, '--json'], env)
    expect([args[0], code, stderr]).toEqual([args[0], 0, ''])
    return JSON.parse(stdout)
  }
  const [copy, restored] = [join(dir, 'copy'), join(dir, 'restored')]
  const made = await json('backup', '--to', copy)
  expect(made).toMatchObject({ dir: copy, manifest: { journal: { entries: 1 } } })
  expect(await json('backup', 'verify', copy)).toEqual(made)
  expect(await json('restore', copy, '--data-dir', restored)).toEqual({ ...made, dir: restored })
  expect(await json('audit', 'verify')).toMatchObject({ good: true, head: { n: expect.any(Number) } })
  await gateway.stop()
  const wrong = await gatehouse(['audit', 'verify', '--json', '--head', `1:${'0'.repeat(64)}`], env)
  expect([wrong.code, JSON.parse(wrong.stdout)]).toMatchObject([1, { good: false, n: 1 }])
})
