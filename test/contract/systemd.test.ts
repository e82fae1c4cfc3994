import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { readConfig } from '../../gateway/config.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { endpointSecret } from '../helpers/endpoint.ts'
import { writeRegistry } from '../helpers/registry.ts'

/** No systemd runs here: its own checks read the unit, and what the unit starts is started as it says. */
const root = join(import.meta.dirname, '../..')
const unitText = readFileSync(`${root}/gateway/systemd/gatehouse.service`, 'utf8')
const secretsText = readFileSync(`${root}/gateway/systemd/secrets.conf`, 'utf8')

/** Each line's name and value, in order. Throws for what is no section, comment or pair. */
function pairsOf(text: string): [string, string][] {
  return text.split('\n').flatMap(line => {
    if (line === '' || line.startsWith('#') || /^\[(Unit|Service|Install)\]$/.test(line)) return []
    const match = /^([A-Z][A-Za-z]+)=(.*)$/.exec(line)
    if (match === null) throw new Error(`not a line of a unit: ${line}`)
    return [[match[1]!, match[2]!]]
  })
}
const unit = pairsOf(unitText)
const all = (pairs: [string, string][], name: string) => pairs.filter(([found]) => found === name).map(pair => pair[1])
const one = (name: string) => {
  const values = all(unit, name)
  expect(values, name).toHaveLength(1)
  return values[0]!
}
const environmentOf = (pairs: [string, string][]) =>
  Object.fromEntries(all(pairs, 'Environment').map(pair => [pair.split('=')[0]!, pair.slice(pair.indexOf('=') + 1)]))

const analyze = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
  return { status, said: stdout + stderr }
}

test('systemd itself finds nothing wrong with the unit and its secrets', () => {
  const dir = temporaryDirectory()
  const service = join(dir, 'gatehouse.service')
  // The user is made by whoever installs it.
  const inPlace = unitText.replaceAll('/opt/gatehouse', root).replaceAll(/^(User|Group)=gatehouse$/gm, '$1=daemon')
  writeFileSync(service, inPlace)
  mkdirSync(`${service}.d`)
  writeFileSync(join(`${service}.d`, 'secrets.conf'), secretsText)
  expect(analyze('verify', '--man=no', service)).toEqual({ status: 0, said: '' })
})

test('its exposure is 2.0 of 10 at most, as systemd counts it', () => {
  const { status, said } = analyze(
    'security',
    '--offline=true',
    '--threshold=20',
    `${root}/gateway/systemd/gatehouse.service`,
  )
  expect(said).toContain('Overall exposure level')
  expect([status, said.split('\n').find(line => line.includes('Overall'))]).toEqual([0, expect.any(String)])
})

test('no directive is there twice but those that add up, and what keeps the gateway apart is there', () => {
  const adding = ['Environment', 'SystemCallFilter']
  for (const [name] of unit) if (!adding.includes(name)) one(name)
  const hardening = {
    NoNewPrivileges: 'yes',
    ProtectSystem: 'strict',
    ProtectHome: 'yes',
    PrivateTmp: 'yes',
    CapabilityBoundingSet: '',
    StateDirectory: 'gatehouse',
    Restart: 'always',
    User: 'gatehouse',
  }
  for (const [name, value] of Object.entries(hardening)) expect([name, one(name)]).toEqual([name, value])
})

test('what it says of the gateway is so', () => {
  const main = readFileSync(`${root}/gateway/main.ts`, 'utf8')
  const number = (name: string) => Number(new RegExp(`${name} = ([\\d_]+)`).exec(main)![1]!.replace('_', ''))
  expect(Number(one('TimeoutStopSec')) * 1000).toBeGreaterThan(number('stopTimeoutMs'))
  expect(Number(one('RestartPreventExitStatus'))).toBe(number('EX_CONFIG'))
  expect(Number(one('LimitNOFILE'))).toBeGreaterThan(2 * readConfig({}).config.mqtt.limits.maxConnections)
  // notify would wait for ever: the gateway sends systemd nothing.
  expect(one('Type')).toBe('exec')
  expect(one('ExecReload')).toContain('-HUP')
  expect(one('StateDirectory')).toBe(environmentOf(unit).GATEHOUSE_DATA_DIR!.replace('/var/lib/', ''))
  expect(one('CacheDirectory')).toBe(environmentOf(unit).NODE_COMPILE_CACHE!.replace('/var/cache/', ''))
})

test('each credential is read by a setting that there is', () => {
  const secrets = pairsOf(secretsText)
  const loaded = all(secrets, 'LoadCredential').map(value => value.split(':')[0]!)
  const settings = environmentOf(secrets)
  expect(Object.values(settings)).toEqual(loaded.map(id => `%d/${id}`))
  const dir = temporaryDirectory()
  const values = {
    ...settings,
    GATEHOUSE_INFLUX_URL: 'http://127.0.0.1:8086',
    GATEHOUSE_DISPATCH_URL: 'http://127.0.0.1:9000',
  }
  for (const id of loaded)
    writeFileSync(
      join(dir, id),
      id === 'dispatch-secret' ? endpointSecret : id === 'api-tokens' ? 'duty:admin:t' : `${id}-value`,
    )
  const { config, mistakes } = readConfig(
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.replace('%d', dir)])),
  )
  expect(mistakes).toEqual([])
  expect(config).toMatchObject({
    dispatch: { secret: endpointSecret },
    influx: { password: 'influx-password-value' },
    pseudonymKey: 'pseudonym-key-value',
    apiTokens: [{ name: 'duty' }],
  })
})

test('what ExecStart names starts with its environment, reloads on the signal of ExecReload and ends with 0', async () => {
  const dir = temporaryDirectory()
  writeRegistry(dir)
  const place = (text: string) =>
    text
      .replace('/opt/gatehouse', root)
      .replace('/etc/gatehouse', dir)
      .replace(/\/var\/(lib|cache)/, `${dir}/$1`)
  const [program, ...args] = one('ExecStart').split(' ').map(place)
  const env = Object.fromEntries(Object.entries(environmentOf(unit)).map(([name, value]) => [name, place(value)]))
  const child: ChildProcess = spawn(program!, args, {
    cwd: place(one('WorkingDirectory')),
    env: { ...env, GATEHOUSE_MQTT_PORT: '0', GATEHOUSE_HTTP_PORT: '0' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  const seen = new Set<string>()
  const lines = createInterface({ input: child.stdout! })
  const said = async (what: string) => {
    while (!seen.has(what)) await once(lines, 'line', { signal: AbortSignal.timeout(30_000) })
  }
  lines.on('line', line => line.startsWith('{') && seen.add((JSON.parse(line) as { msg: string }).msg))
  await said('ready')
  child.kill('SIGHUP')
  await said('registry.reloaded')
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})
