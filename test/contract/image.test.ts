import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthority, tlsSettings } from '../helpers/certificates.ts'
import { readCompose } from '../helpers/compose-file.ts'
import { copiesOf, environmentOf, execOf, readLastStage } from '../helpers/dockerfile.ts'

/**
 * The image without Docker: exactly the files that the Dockerfile copies, in a folder of their own, and its own commands
 * with its own environment. Only addresses, ports and the places of the volumes are others.
 */
const root = join(import.meta.dirname, '../..')
const image = readLastStage(join(root, 'gateway/Dockerfile'))
const { services } = readCompose(join(root, 'docker-compose.yml')).file
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-image-'))
const [app, data, registry] = ['app', 'data', 'registry'].map(name => join(directory, name)) as [string, string, string]
const inPlace = (text: string) => text.replaceAll(/(?<![\w/.])\/(data|registry)\b/g, (_, name) => join(directory, name))
const PATH = `${dirname(process.execPath)}:${process.env.PATH}`

beforeAll(() => {
  for (const folder of [app, data, registry]) mkdirSync(folder)
  for (const [source, target] of copiesOf(image))
    cpSync(join(root, source), join(app, target === './' ? source : target), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'))
})
const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  rmSync(directory, { recursive: true })
})

const start = (command: readonly string[], env: Record<string, string>) => {
  const child = spawn(command[0]!, command.slice(1), {
    cwd: app,
    env: { ...env, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  return child
}

/** The first line of its output that `find` makes something of. Rejects when it ends before, with what it said. */
function lineOf<T>(child: ChildProcess, find: (line: string) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const lines: string[] = []
    for (const stream of [child.stdout!, child.stderr!])
      createInterface({ input: stream }).on('line', line => {
        lines.push(line)
        const found = find(line)
        if (found !== undefined) resolve(found)
      })
    child.once('exit', code => reject(new Error(`ended with ${code}: ${lines.join('\n')}`)))
  })
}

test('everything that is imported is a file of the image or a package that npm ci --omit=dev installs', () => {
  const { dependencies } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as { dependencies: object }
  const sources = execFileSync('find', ['.', '-path', './node_modules', '-prune', '-o', '-name', '*.ts', '-print'], {
    cwd: app,
    encoding: 'utf8',
  })
  const packages = new Set<string>()
  for (const source of sources.trim().split('\n')) {
    const text = readFileSync(join(app, source), 'utf8')
    for (const [, what, from] of text.matchAll(/^(import type|import|export)\b[^'"]*?from '([^']+)'/gms)) {
      if (what === 'import type' || from!.startsWith('node:')) continue
      if (from!.startsWith('.'))
        expect(statSync(join(app, dirname(source), from!)).isFile(), `${source}: ${from}`).toBe(true)
      else packages.add(/^(@[^/]+\/)?[^/]+/.exec(from!)![0])
    }
  }
  expect([...packages]).toEqual(expect.arrayContaining(['aedes', 'mqtt', 'zod']))
  expect(Object.keys(dependencies)).toEqual(expect.arrayContaining([...packages]))
})

test('the registry service makes a registry once, and leaves it alone after that', async () => {
  const [command, ...words] = services.registry!.command!
  const run = () => promisify(execFile)(command!, words.map(inPlace), { cwd: app, env: { PATH } })
  await run()
  const made = readFileSync(join(registry, 'registry.yaml'), 'utf8')
  expect(made).toContain('panic-button')
  expect(statSync(join(registry, 'secrets.json')).mode & 0o777).toBe(0o600)
  await run()
  expect(readFileSync(join(registry, 'registry.yaml'), 'utf8')).toBe(made)
}, 30_000)

test.each(['http', 'https'])(
  'the gateway starts with %s, is healthy, and ends with 0 on the signal that Docker sends',
  async scheme => {
    const settings = { ...environmentOf(image), ...services.gateway!.environment }
    const env = {
      ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, inPlace(value)])),
      GATEHOUSE_MQTT_HOST: '127.0.0.1',
      GATEHOUSE_HTTP_HOST: '127.0.0.1',
      GATEHOUSE_MQTT_PORT: '0',
      GATEHOUSE_HTTP_PORT: '0',
      // Nobody listens on port 1: as when InfluxDB and dispatch aren't there yet.
      GATEHOUSE_INFLUX_URL: 'http://127.0.0.1:1',
      GATEHOUSE_DISPATCH_URL: 'http://127.0.0.1:1',
      ...(scheme === 'https' && tlsSettings(createAuthority(directory).issue('elsewhere.example'))),
    }
    const gateway = start(execOf(image, 'CMD'), env)
    const port = await lineOf(gateway, line =>
      line.includes('"ready"') ? String(JSON.parse(line).httpPort) : undefined,
    )

    const healthcheck = execOf(image, 'HEALTHCHECK')
    const [healthy] = await once(start(healthcheck, { ...env, GATEHOUSE_HTTP_PORT: port }), 'exit')
    expect(healthy).toBe(0)

    const signal = image.find(({ name }) => name === 'STOPSIGNAL')!.argument as NodeJS.Signals
    const exited = once(gateway, 'exit')
    gateway.kill(signal)
    expect(await exited).toEqual([0, null])

    const [unhealthy] = await once(start(healthcheck, { ...env, GATEHOUSE_HTTP_PORT: port }), 'exit')
    expect(unhealthy).toBe(1)
  },
  30_000,
)

test('the receiver answers its healthcheck, and nobody else does', async () => {
  const { command, environment, healthcheck } = services.receiver!
  const words = command!.map((word, index) =>
    command![index - 1] === '--port' ? '0' : word === '0.0.0.0' ? '127.0.0.1' : word,
  )
  const receiver = start(words, environment!)
  const port = await lineOf(receiver, line => /127\.0\.0\.1:(\d+)/.exec(line)?.[1])
  const check = 'test' in healthcheck! ? healthcheck.test.slice(1).map(word => word.replace(':9000', `:${port}`)) : []
  const [healthy] = await once(start(check, {}), 'exit')
  expect(healthy).toBe(0)
  const exited = once(receiver, 'exit')
  receiver.kill('SIGTERM')
  await exited
  const [unhealthy] = await once(start(check, {}), 'exit')
  expect(unhealthy).toBe(1)
}, 30_000)
