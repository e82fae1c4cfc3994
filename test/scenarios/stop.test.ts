import { appendFileSync, writeFileSync } from 'node:fs'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Stats } from '../../schemas/api.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { diskFault } from '../helpers/disk-fault.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { adminToken, failToStart, type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { connectRaw } from '../helpers/raw-device.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { startStoringDevice } from '../helpers/storing-device.ts'
import { until } from '../helpers/until.ts'

const stopLimitMs = 10_000
const connected = 1000

const errorsOf = ({ log }: RunningGateway) => log.filter(({ level }) => level === 'error' || level === 'fatal')

describe('a stop under load', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends it cleanly, and all that was pubacked is there after the next start',
    async signal => {
      const dir = temporaryDirectory()
      const options = { dataDir: `${dir}/data`, registry: writeRegistry(dir, { buttons: 4 }) }
      const gateway = await startGateway(options)
      onTestFinished(() => gateway.kill())
      const devices = [1, 2, 3, 4].map(number =>
        startStoringDevice(gateway.mqttUrl, button(number), {
          inFlight: 50,
          next: n => ({ kind: 'access', id: `e-${n}`, payload: passage(`e-${n}`) }),
        }),
      )
      onTestFinished(async () => void (await Promise.all(devices.map(device => device.end()))))
      await until(() => devices.every(({ pubacked }) => pubacked.length > 200), 'load')

      const startedMs = performance.now()
      expect(await gateway.stop(signal)).toBe(0)
      expect(performance.now() - startedMs).toBeLessThan(stopLimitMs)
      await until(() => gateway.log.some(({ msg }) => msg === 'stopped'), 'the last line')
      expect(errorsOf(gateway)).toEqual([])
      await Promise.all(devices.map(device => device.end()))

      const next = await startGateway(options)
      onTestFinished(() => next.kill())
      const { accepted } = await next.get<Stats>('stats')
      const pubacked = devices.flatMap(device => device.pubacked.map(id => `${device.address.device} ${id}`))
      const kept = new Set<string>()
      for (let cursor = ''; ; ) {
        const page = await next.get<{ items: { device: string; id: string }[]; cursor: string | null }>(
          `events?limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        )
        for (const { device, id } of page.items) kept.add(`${device} ${id}`)
        if (page.cursor === null) break
        cursor = page.cursor
      }
      expect(kept.size).toBe(accepted)
      expect(pubacked.filter(event => !kept.has(event))).toEqual([])
      expect(await next.stop()).toBe(0)
    },
  )

  test('with all that may hold it up at once it ends in time, and what was pubacked is there', async () => {
    const disk = diskFault()
    const endpoint = await startEndpoint()
    onTestFinished(() => endpoint.down())
    endpoint.behave(() => {})
    let asked = 0
    const silent = createServer(() => void asked++)
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close().closeAllConnections())
    const dir = temporaryDirectory()
    const options = {
      dataDir: `${dir}/data`,
      registry: writeRegistry(dir, { buttons: connected + 2 }),
      env: {
        ...dispatchTo(endpoint),
        ...disk.env,
        GATEHOUSE_INFLUX_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
        GATEHOUSE_MQTT_MAX_CONNECTIONS_PER_ADDRESS: String(2 * connected),
      },
    }
    const gateway = await startGateway(options)
    onTestFinished(() => gateway.kill())
    // Many that are only there, one over a WebSocket, a page that watches and doesn't read, HTTP connections that stay open.
    const devices = await Promise.all(
      Array.from({ length: connected }, (_, index) => connectRaw(gateway.mqttPort, button(index + 1).device)),
    )
    const overWebSocket = await connectDevice(`${gateway.httpUrl.replace('http', 'ws')}/mqtt`, button(connected + 1))
    onTestFinished(() => overWebSocket.end())
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const get = (path: string) =>
      new Promise<IncomingMessage>((resolve, reject) =>
        request(`${gateway.httpUrl}${path}`, { agent, headers: { authorization: `Bearer ${adminToken}` } }, resolve)
          .on('error', reject)
          .end(),
      )
    const watching = await get('/api/v1/stream')
    watching.on('error', () => {})
    for (let n = 0; n < 5; n++) (await get('/healthz')).resume()
    const storing = startStoringDevice(gateway.mqttUrl, button(connected + 2), {
      inFlight: 100,
      next: n => ({
        kind: n % 50 === 0 ? 'alarm' : 'access',
        id: `e-${n}`,
        payload: n % 50 === 0 ? panic(`e-${n}`) : passage(`e-${n}`),
      }),
    })
    onTestFinished(() => storing.end())
    disk.set({ syncDelayMs: 50 })
    await until(() => asked > 0 && storing.pubacked.length > 200, 'load')
    await endpoint.next()

    const startedMs = performance.now()
    expect(await gateway.stop()).toBe(0)
    expect(performance.now() - startedMs).toBeLessThan(stopLimitMs)
    expect(errorsOf(gateway).filter(({ code }) => code !== 'endpoint-failing')).toEqual([])
    await Promise.all(devices.map(device => device.closed))
    await storing.end()
    const file = new DatabaseSync(`${dir}/data/journal.sqlite`, { readOnly: true })
    const kept = new Set(
      file
        .prepare('SELECT id FROM entry')
        .all()
        .map(({ id }) => id),
    )
    file.close()
    expect(storing.pubacked.filter(id => !kept.has(id))).toEqual([])
  })
})

describe('a start that can not be', () => {
  const registry = () => writeRegistry(temporaryDirectory())
  const dataDir = () => `${temporaryDirectory()}/data`

  test.each([
    ['MQTT', 'GATEHOUSE_MQTT_PORT', 'GATEHOUSE_MQTT_HOST and GATEHOUSE_MQTT_PORT'],
    ['HTTP', 'GATEHOUSE_HTTP_PORT', 'GATEHOUSE_HTTP_HOST and GATEHOUSE_HTTP_PORT'],
  ])('the port of %s is in use', async (what, variable, mend) => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    const { code, stderr } = await failToStart({
      dataDir: dataDir(),
      registry: registry(),
      env: { [variable]: String(port) },
    })
    expect(stderr).toMatch(/^Gatehouse can't start:\n {2}[^\n]+\n$/)
    expect(stderr).toContain(`${what} can't listen on 127.0.0.1:${port} (`)
    expect(stderr).toContain('EADDRINUSE')
    expect(stderr).toContain(`; set ${mend}\n`)
    expect(code).toBe(1)
  })

  test('all mistakes of the settings are told at once, without a secret, and nothing is made', async () => {
    const { code, stderr } = await failToStart({
      dataDir: '/nonexistent/data',
      registry: registry(),
      env: {
        GATEHOUSE_MQTT_PORT: '70000',
        GATEHOUSE_INFLUX_URL: 'influx:8086/s3cret-in-url',
        GATEHOUSE_RETENTION_DAYS: '0',
        GATEHOUSE_API_TOKENS: 'ann:boss:s3cret-token',
        GATEHOUSE_DISPATCH_URL: 'http://127.0.0.1/x',
      },
    })
    const [title, ...lines] = stderr.trimEnd().split('\n')
    expect(title).toBe("Gatehouse can't start:")
    expect(lines.map(line => line.trim().split(':')[0]).sort()).toEqual([
      'GATEHOUSE_API_TOKENS',
      'GATEHOUSE_DISPATCH_SECRET',
      'GATEHOUSE_INFLUX_URL',
      'GATEHOUSE_MQTT_PORT',
      'GATEHOUSE_RETENTION_DAYS',
    ])
    expect(stderr).not.toContain('s3cret')
    expect(code).toBe(78)
  })

  test('mistakes of settings, registry and secrets are told in one round, a line each', async () => {
    const dir = temporaryDirectory()
    const file = join(dir, 'registry.yaml')
    writeFileSync(
      file,
      `version: 1
sites:
  - { id: school-01, name: x, kind: school, contacts: [{ name: y, phone: 13800000000 }] }
devices:
  - { id: button-1, site: school-02, kind: panic-button, secretHash: "sha256:${'ab'.repeat(32)}" }
endpoints:
  - { id: centre, url: "https://centre.example/", secretEnv: CENTRE_SECRET }
  - { id: station, url: "https://station.example/", secretEnv: STATION_SECRET }
`,
    )
    const { code, stderr } = await failToStart({
      dataDir: '/nonexistent/data',
      registry: file,
      env: {
        GATEHOUSE_RETENTION_DAYS: '0',
        GATEHOUSE_TLS_CERT_FILE: '/etc/cert.pem',
        GATEHOUSE_DISPATCH_URL: 'http://127.0.0.1/x',
        GATEHOUSE_DISPATCH_SECRET: 'whsec_s3cret!',
        STATION_SECRET_FILE: '/nonexistent/secret',
      },
    })
    expect(stderr.trimEnd().split('\n')).toEqual([
      "Gatehouse can't start:",
      '  GATEHOUSE_TLS_KEY: is missing; GATEHOUSE_TLS_CERT is of no use without it',
      '  GATEHOUSE_RETENTION_DAYS: 0 is not a number of days (1–3650)',
      `  ${file}:3: sites: school-01: contacts: entry 1: phone: must be text; put it in quotes`,
      `  ${file}:5: devices: button-1 stands at site school-02, which is not among the sites`,
      '  CENTRE_SECRET: is not set; endpoint centre needs it to sign what it is told',
      expect.stringMatching(
        /^ {2}STATION_SECRET_FILE: \/nonexistent\/secret can't be read \(ENOENT.+; endpoint station/,
      ),
      '  GATEHOUSE_DISPATCH_SECRET: what stands behind whsec_ is not base64; endpoint dispatch needs it to sign what it is told',
    ])
    expect(code).toBe(78)
  })

  test('a registry that is not there is named by its setting', async () => {
    const file = `${temporaryDirectory()}/registry.yaml`
    const { code, stderr } = await failToStart({ dataDir: dataDir(), registry: file })
    expect(stderr).toContain(`  GATEHOUSE_REGISTRY: ${file} can't be read`)
    expect(code).toBe(78)
  })

  test.each([
    ['MQTT', 'GATEHOUSE_MQTT_HOST'],
    ['HTTP', 'GATEHOUSE_HTTP_HOST'],
  ])('the host of %s does not resolve', async (what, variable) => {
    const { code, stderr } = await failToStart({
      dataDir: dataDir(),
      registry: registry(),
      env: { [variable]: 'gatehouse.invalid' },
    })
    expect(stderr).toMatch(
      new RegExp(
        `^Gatehouse can't start:\n {2}${what} can't listen on gatehouse\\.invalid:0 \\(.*; set ${variable} and `,
      ),
    )
    expect(code).toBe(1)
  })

  // A signal before Node runs main.ts is the system's to answer; this one comes before the first of our modules is loaded.
  test.each(['SIGTERM', 'SIGINT'] as const)('%s while the code is still being loaded ends it with 0', async signal => {
    const atFirstModule = `import { registerHooks } from 'node:module'
      registerHooks({ resolve(specifier, context, next) {
        if (specifier === './gateway.ts') process.kill(process.pid, '${signal}')
        return next(specifier, context)
      } })`
    const { code, stderr } = await failToStart({
      dataDir: dataDir(),
      registry: registry(),
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(atFirstModule)}` },
    })
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })
})

test('what is accepted and should not stay is logged as a warning at the start', async () => {
  const dir = temporaryDirectory()
  const file = writeRegistry(dir)
  appendFileSync(file, 'endpoint:\n  - { id: centre }\n')
  const gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: file,
    env: { GATEHOUSE_MQTTS_PORT: '8883' },
  })
  onTestFinished(() => gateway.kill())
  const warnings = gateway.log.filter(({ msg }) => msg === 'setup.warning')
  expect(warnings).toMatchObject([
    { level: 'warn', warning: expect.stringMatching(/^GATEHOUSE_MQTTS_PORT: no such port is opened/) },
    { level: 'warn', warning: expect.stringMatching(/:\d+: endpoint: is not known.+ did you mean endpoints\?$/) },
  ])
  expect(await gateway.stop()).toBe(0)
})
