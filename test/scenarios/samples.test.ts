import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Alarm } from '../../schemas/alarm.ts'
import { dispatchTo, endpointSecret, startEndpoint } from '../helpers/endpoint.ts'
import { freePort } from '../helpers/free-port.ts'
import { adminToken, type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { type Block, blockOf, root } from '../helpers/markdown.ts'
import { until } from '../helpers/until.ts'

/**
 * The documents' samples, taken out of the pages and run as they stand, with the real ports in the place of 1883, 8080 and 9000.
 * The Chinese pages have the same blocks to the letter (test/unit/documents.test.ts).
 */
const devicePage = 'schemas/README.md'
const dispatchPage = 'gateway/webhook/README.md'
const button = 'school-01-button-01'
let dir: string
let secret: string

/** The registry that the pages tell to make. */
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-samples-'))
  await run(process.execPath, [join(root, 'device-sim/main.ts'), 'registry', '--out', dir])
  const line = blockOf(devicePage, 'Connect in ten lines', 'sh', 'export SECRET').code
  secret = (await bash(`${line}printf %s "$SECRET"`)).stdout
  expect(secret).toBe(JSON.parse(readFileSync(join(dir, 'secrets.json'), 'utf8')).devices[button])
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const run = promisify(execFile)
/** Debian's Python before another: it has Debian's packages. Node is the project's. */
const path = `${dirname(process.execPath)}:/usr/bin:${process.env.PATH}`
const bash = (script: string, env: Record<string, string> = {}) =>
  run('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
    cwd: dir,
    env: { PATH: path, HOME: dir, SECRET: secret, ...env },
    timeout: 60_000,
  })
const withPorts = (code: string, ports: { mqtt?: number; http?: number; receiver?: number }) =>
  code
    .replaceAll(/\b1883\b/g, String(ports.mqtt))
    .replaceAll(/\b8080\b/g, String(ports.http))
    .replaceAll(/\b9000\b/g, String(ports.receiver))

/** A program says in its first line what its file is called and how it is started: `// name: command`. Writes the file, returns the command. */
function written(block: Block, ports: Parameters<typeof withPorts>[1]): string {
  const [, name, command] = /^(?:\/\/|#) (\S+): (.+)\n/.exec(block.code)!
  writeFileSync(join(dir, name!), withPorts(block.code, ports))
  return command!
}
const start = async (env: Record<string, string> = {}): Promise<RunningGateway> =>
  await startGateway({ dataDir: mkdtempSync(join(dir, 'data-')), registry: join(dir, 'registry.yaml'), env })
const idIn = (code: string) => /"id\W+(boot12-\d+)/.exec(code)![1]!

describe('a device connects', () => {
  let gateway: RunningGateway
  beforeAll(async () => {
    gateway = await start()
  })
  afterAll(async () => void (await gateway.kill()))

  const inJournal = async (id: string) => {
    const { items } = await gateway.get<{ items: { id: string; device: string; kind: string }[] }>(
      `events?device=${button}`,
    )
    return items.filter(event => event.id === id)
  }
  const alarm = { device: button, kind: 'alarm' }
  const samples = [
    ['Shell', 'sh', 'mosquitto_pub', ''],
    ['Shell', 'sh', 'mosquitto_rr', '"result":"stored"'],
    ['Python', 'python', '', '"result":"stored"'],
    ['C', 'c', '', ''],
  ] as const

  test.each(samples)('%s, %s %s: the event is in the journal', async (heading, language, holds, says) => {
    const block = blockOf(devicePage, heading, language, holds)
    const ports = { mqtt: gateway.mqttPort }
    const { stdout } = await bash(language === 'sh' ? withPorts(block.code, ports) : written(block, ports))
    expect(stdout).toContain(says)
    expect(await inJournal(idIn(block.code))).toEqual([expect.objectContaining(alarm)])
  })

  test('the sample of the README does too', async () => {
    const { code } = blockOf('README.md', 'For device makers', 'sh', 'mosquitto_pub')
    await bash(withPorts(code, { mqtt: gateway.mqttPort }))
    expect(await inJournal(idIn(code))).toEqual([expect.objectContaining(alarm)])
  })

  test('a wrong secret is an exit code, and no event', async () => {
    const block = blockOf(devicePage, 'C', 'c')
    const before = await gateway.get<{ received: number }>('stats')
    const command = written(block, { mqtt: gateway.mqttPort })
    await expect(bash(command, { SECRET: 'wrong' })).rejects.toMatchObject({ code: 1 })
    expect((await gateway.get<{ received: number }>('stats')).received).toBe(before.received)
  })
})

describe.each([
  ['Node', 'js'],
  ['Python', 'python'],
] as const)('a receiver in %s', (heading, language) => {
  let receiver: Awaited<ReturnType<typeof startSample>>
  beforeAll(async () => {
    receiver = await startSample(blockOf(dispatchPage, heading, language))
  })
  afterAll(async () => void (await receiver.end()))

  test('verifies what a gateway tells, answers with a number, refuses the same with a byte changed', async () => {
    const between = await startRecorder(receiver.url)
    onTestFinished(between.end)
    const gateway = await start({ GATEHOUSE_DISPATCH_URL: between.url, GATEHOUSE_DISPATCH_SECRET: endpointSecret })
    onTestFinished(gateway.kill)
    await bash(withPorts(blockOf(devicePage, 'Shell', 'sh', 'mosquitto_pub').code, { mqtt: gateway.mqttPort }))
    const [alarm] = await until(async () => {
      const { items } = await gateway.get<{ items: Alarm[] }>('alarms')
      return items[0]?.incidentNo ? items : undefined
    }, 'an alarm with a number')
    expect(alarm).toMatchObject({ stage: 'delivered', incidentNo: 'JQ-1' })
    const line = `alarm.raised ${alarm!.id} ${alarm!.site.name} test`
    expect(receiver.said().split('\n')).toContain(line)

    const [told] = between.told
    expect(await post(receiver.url, told!.headers, told!.body)).toMatchObject({ status: 200 })
    expect(await post(receiver.url, told!.headers, told!.body.replace('"test"', '"real"'))).toMatchObject({
      status: 401,
    })
    expect(receiver.said().split(line)).toHaveLength(2)
  })

  test('takes one signature of several, and refuses what is old, unsigned or of another secret', async () => {
    const body = readFileSync(join(root, 'schemas/examples/webhook-message.json'), 'utf8')
    const signed = (by: string, at: Date) => ({
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(by).sign('msg_1', at, body),
    })
    const now = new Date()
    const other = `whsec_${Buffer.from('another secret of the tests, 32!').toString('base64')}`
    const [good, bad] = [signed(endpointSecret, now), signed(other, now)]
    const both = { ...good, 'webhook-signature': `${bad['webhook-signature']} ${good['webhook-signature']}` }
    const { 'webhook-signature': _, ...unsigned } = good
    const statusOf = async (headers: Record<string, string>) => (await post(receiver.url, headers, body)).status
    expect(await statusOf(good)).toBe(200)
    expect(await statusOf(both)).toBe(200)
    expect(await statusOf(bad)).toBe(401)
    expect(await statusOf(unsigned)).toBe(401)
    expect(await statusOf({})).toBe(401)
    expect(await statusOf(signed(endpointSecret, new Date(now.getTime() - 301_000)))).toBe(401)
  })
})

test('calling back by the API, and the description of it', async () => {
  const endpoint = await startEndpoint()
  onTestFinished(endpoint.down)
  const gateway = await start(dispatchTo(endpoint))
  onTestFinished(gateway.kill)
  const ports = { mqtt: gateway.mqttPort, http: gateway.httpPort }
  await bash(withPorts(blockOf(devicePage, 'Shell', 'sh', 'mosquitto_pub').code, ports))
  const { message } = await endpoint.next(({ message }) => message.type === 'alarm.raised')
  const { code } = blockOf(dispatchPage, 'Calling back', 'sh')
  await bash(withPorts(code, ports), { TOKEN: adminToken, ALARM: message.subject })
  expect(await gateway.get(`alarms/${message.subject}`)).toMatchObject({ stage: 'closed', disposition: 'test' })

  await bash(withPorts(blockOf(dispatchPage, 'OpenAPI', 'sh').code, ports))
  const { paths } = JSON.parse(readFileSync(join(dir, 'openapi.json'), 'utf8')) as { paths: Record<string, object> }
  const said = [...readFileSync(join(root, dispatchPage), 'utf8').matchAll(/`(GET|POST) (\/api\/[^`?]+)/g)]
  expect(said.length).toBeGreaterThan(4)
  for (const [, method, path] of said)
    for (const action of path!.includes('{action}') ? ['acknowledge', 'dispatch', 'arrive', 'close'] : [''])
      expect(paths[path!.replace('{action}', action)]).toHaveProperty(method!.toLowerCase())
})

/** A receiver of the pages as a process, once it listens. */
async function startSample(block: Block) {
  const port = await freePort()
  const [program, ...args] = written(block, { receiver: port }).split(' ') as [string, ...string[]]
  const child = spawn(program, args, { cwd: dir, env: { PATH: path, SECRET: endpointSecret } })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', chunk => {
      said += chunk
    })
  const listening = () =>
    new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.once('connect', () => socket.destroy()).once('error', () => resolve(false))
    })
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said}`)
    return await listening()
  }, 'the receiver listens')
  return {
    url: `http://127.0.0.1:${port}/`,
    said: () => said,
    async end() {
      child.kill()
      await once(child, 'exit')
    },
  }
}

/** Passes each request on, and keeps it. */
async function startRecorder(target: string) {
  const told: { headers: Record<string, string>; body: string }[] = []
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8')
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => name.startsWith('webhook-')),
    ) as Record<string, string>
    told.push({ headers, body })
    const answer = await post(target, headers, body)
    response.writeHead(answer.status).end(answer.text)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    told,
    end: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function post(url: string, headers: Record<string, string>, body: string) {
  const response = await fetch(url, { method: 'POST', headers, body })
  return { status: response.status, text: await response.text() }
}
