import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RegistryFile } from '../../schemas/registry.ts'
import { Failure } from '../arguments.ts'
import { startChild } from '../child.ts'
import { childEnvironment, searchPath } from '../config.ts'
import { startGateway } from '../gateway-process.ts'
import { findInfluxd, startInfluxd } from '../influx-process.ts'
import { type Line, mqttUrlOf, startLine } from '../line.ts'
import { dispatchSecretVariable, makeRegistry, type Secrets } from '../registry.ts'
import { writeRegistry } from '../registry-files.ts'
import type { Undo } from '../undo.ts'
import type { LineName, ServerName } from './plan.ts'
import { createServer, type Server } from './server.ts'
import { mountSmallDisk, type SmallDisk } from './small-disk.ts'

/** Gateway, InfluxDB and receiver as processes of their own, with a line before each that can go bad. All of it is temporary. */
export type World = {
  registry: RegistryFile
  secrets: Secrets
  servers: Record<ServerName, Server>
  lines: Record<LineName, Line>
  /** A sentence where there is none. */
  disk: SmallDisk | string
  mqttUrl: string
  /** What an audit needs. `api` is a line without faults: it stays the same over restarts. */
  ledger: string
  book: string
  influx: { url: string; database: string }
  api: { url: string; token: string }
}

const database = 'gatehouse'
const hurriedPlay = [
  '--acknowledge-after',
  '0.3',
  '--dispatch-after',
  '0.2',
  '--arrive-after',
  '0.2',
  '--close-after',
  '0.3',
]

export async function startWorld(options: {
  seed: string
  /** Of the small disk that the journal lies on; undefined: it lies on the machine's own. */
  diskBytes: number | undefined
  undo: Undo
  onTrouble: (line: string) => void
  onDied: (server: ServerName, how: string) => void
}): Promise<World> {
  const { undo, onDied } = options
  const influxd = findInfluxd(searchPath())
  if (influxd === undefined)
    throw new Failure(
      'chaos needs an InfluxDB 1.x to kill: install Debian’s package influxdb (apt-get install influxdb)',
    )
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-chaos-'))
  undo.later(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }))
  const data = join(directory, 'data')
  const disk = options.diskBytes === undefined ? 'not asked for' : await mountSmallDisk(data, options.diskBytes)
  if (typeof disk !== 'string') undo.later(disk.unmount)

  const [devices, influx, receiver, api] = await Promise.all([startLine(), startLine(), startLine(), startLine()])
  for (const line of [devices, influx, receiver, api]) undo.later(line.close)
  const made = makeRegistry({ seed: options.seed, dispatchUrl: urlOf(receiver) })
  const paths = await writeRegistry(directory, made, { force: false, comment: 'Made by npm run chaos' })
  // Hex: as an argument it must not begin with a dash.
  const token = randomBytes(24).toString('hex')
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const book = join(directory, 'receivers-book.jsonl')

  const launch = {
    gateway: async () => {
      const env = childEnvironment({})
      for (const name of Object.keys(env)) if (name.startsWith('GATEHOUSE_')) delete env[name]
      const started = await startGateway({
        cwd: directory,
        env: {
          ...env,
          GATEHOUSE_DATA_DIR: data,
          GATEHOUSE_REGISTRY: paths.registryPath,
          GATEHOUSE_MQTT_PORT: '0',
          GATEHOUSE_HTTP_PORT: '0',
          GATEHOUSE_API_TOKENS: `chaos:admin:${token}`,
          GATEHOUSE_INFLUX_URL: urlOf(influx),
          GATEHOUSE_INFLUX_DATABASE: database,
          [dispatchSecretVariable]: secret,
        },
        onTrouble: options.onTrouble,
      })
      devices.aim(started.mqttUrl)
      api.aim(started.httpUrl)
      return started.child
    },
    InfluxDB: async () => {
      const started = await startInfluxd(influxd, directory, childEnvironment({}))
      if (typeof started === 'string') throw new Failure(started)
      influx.aim(started.url)
      return started.child
    },
    receiver: async () => {
      const started = await startReceiverProcess({
        directory,
        secret,
        flags: ['--book', book, ...hurriedPlay, '--api', urlOf(api), '--token', token],
      })
      receiver.aim(started.url)
      return started.child
    },
  }
  const servers = {
    gateway: createServer(launch.gateway, how => onDied('gateway', how)),
    InfluxDB: createServer(launch.InfluxDB, how => onDied('InfluxDB', how)),
    receiver: createServer(launch.receiver, how => onDied('receiver', how)),
  }
  undo.later(servers.InfluxDB.end)
  undo.later(servers.receiver.end)
  undo.later(servers.gateway.end)
  await Promise.all(Object.values(servers).map(server => server.start()))
  return {
    registry: made.file,
    secrets: made.secrets,
    servers,
    lines: { 'devices’ line': devices, 'InfluxDB’s line': influx, 'receiver’s line': receiver },
    disk,
    mqttUrl: mqttUrlOf(devices),
    ledger: join(directory, 'ledger'),
    book,
    influx: { url: urlOf(influx), database },
    api: { url: urlOf(api), token },
  }
}

const urlOf = ({ port }: Line): string => `http://127.0.0.1:${port}/`
const listeningDeadlineMs = 20_000

async function startReceiverProcess(given: { directory: string; secret: string; flags: readonly string[] }) {
  const listening = Promise.withResolvers<string>()
  const child = startChild(
    process.execPath,
    [fileURLToPath(new URL('../main.ts', import.meta.url)), 'receiver', '--port', '0', ...given.flags],
    {
      env: childEnvironment({ GATEHOUSE_DISPATCH_SECRET: given.secret }),
      cwd: given.directory,
      onLine: line => {
        const at = /^dispatch centre at (\S+);/.exec(line)?.[1]
        if (at !== undefined) listening.resolve(at)
      },
    },
  )
  const late = setTimeout(
    () => listening.reject(new Failure('the receiver does not listen in time')),
    listeningDeadlineMs,
  )
  void child.ended.then(how => listening.reject(new Failure(`the receiver ${how}: ${child.tail().join('\n')}`)))
  try {
    return { child, url: await listening.promise }
  } catch (error) {
    await child.kill()
    throw error
  } finally {
    clearTimeout(late)
  }
}
