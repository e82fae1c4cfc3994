import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Alarm } from '../schemas/alarm.ts'
import { type Api, createApi } from './api-client.ts'
import { Failure } from './arguments.ts'
import { monotonicMs, systemClock } from './clock.ts'
import { childEnvironment } from './config.ts'
import { type GatewayProcess, startGateway } from './gateway-process.ts'
import { influxFor } from './influx-process.ts'
import { createPlayer, type Played, type PlayStep } from './playing.ts'
import { type Misbehaviour, type Received, type Receiver, startReceiver } from './receiver.ts'
import { makeRegistry, type Secrets } from './registry.ts'
import { writeRegistry } from './registry-files.ts'
import type { Undo } from './undo.ts'

/** A whole zone on this machine: a fresh registry, dispatch centres and the gateway, on free ports, gone without a trace. */
export type Centre = {
  id: string
  level: number
  /** Takes each alarm through these steps by the API. */
  play?: readonly PlayStep[]
  /** Which; left out: each. */
  plays?: (alarm: Alarm) => boolean
  misbehaviour?: Misbehaviour
  /** Nobody listens at its address. */
  dead?: boolean
}

export type ZoneOptions = {
  name: string
  centres: readonly Centre[]
  /** Write to InfluxDB, where there is one. */
  influx: boolean
  say: (line: string) => void
  undo: Undo
  stopped: AbortSignal
  onReceived: (centre: string, received: Received, atMs: number) => void
  onPlayed?: (centre: string, played: Played, atMs: number) => void
}

export type Zone = {
  registry: ReturnType<typeof makeRegistry>['file']
  secrets: Secrets
  directory: string
  paths: { registryPath: string; secretsPath: string }
  gateway: GatewayProcess
  influxUrl: string | undefined
  access: { httpUrl: string; token: string }
  api: Api
  /** Stops one centre, as if its machine failed. */
  kill: (centre: string) => Promise<void>
  /** Aborted when it is time to end: a person stopped it, or the gateway is gone. */
  over: AbortSignal
  /** Throws Failure where it ends because the gateway is gone. */
  blame: () => void
}

const token = () => randomBytes(24).toString('base64url')
const secretVariable = (id: string) => `${id.toUpperCase().replaceAll('-', '_')}_SECRET`

/** Undefined when it was stopped meanwhile. Throws Failure when the gateway doesn't start. All of it is undone by `undo`. */
export async function startZone(options: ZoneOptions): Promise<Zone | undefined> {
  const { say, undo, stopped } = options
  const directory = await mkdtemp(join(tmpdir(), `gatehouse-${options.name}-`))
  undo.later(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }))

  const starting = Promise.withResolvers<Api>()
  starting.promise.catch(() => {})
  const centres = await Promise.all(options.centres.map(centre => startCentre(centre, options, starting.promise)))
  const made = makeRegistry({ seed: '1' })
  const registry = {
    ...made.file,
    endpoints: centres.map(({ id, level, url }) => ({ id, level, url, secretEnv: secretVariable(id) })),
  }
  const paths = await writeRegistry(
    directory,
    { file: registry, secrets: made.secrets },
    { force: false, comment: `Made by npm run ${options.name}` },
  )
  say(`registry   ${registry.sites.length} sites, ${registry.devices.length} devices in ${directory}`)
  for (const { id, level, url, dead } of centres)
    say(`dispatch   ${id}, level ${level}${dead ? ', dead' : ', verifies signatures'}, at ${url}`)

  const influxUrl = options.influx ? await influxFor(directory, say, undo) : undefined
  if (stopped.aborted) return undefined
  const adminToken = token()
  const gateway = await startGateway({
    cwd: directory,
    env: childEnvironment({
      GATEHOUSE_DATA_DIR: join(directory, 'data'),
      GATEHOUSE_REGISTRY: paths.registryPath,
      GATEHOUSE_MQTT_PORT: '0',
      GATEHOUSE_HTTP_PORT: '0',
      GATEHOUSE_API_TOKENS: `${options.name}:admin:${adminToken}`,
      ...Object.fromEntries(centres.map(({ id, secret }) => [secretVariable(id), secret])),
      ...(influxUrl === undefined ? {} : { GATEHOUSE_INFLUX_URL: influxUrl }),
    }),
    onTrouble: say,
  })
  undo.later(() => gateway.child.end(10_000))
  say(`gateway    ready in ${Math.round(gateway.readyMs)} ms`)

  const gone = new AbortController()
  let failure: Failure | undefined
  void gateway.child.ended.then(how => {
    if (!stopped.aborted)
      failure = new Failure(`the gateway ${how}. Its last lines:\n${gateway.child.tail().join('\n')}`)
    gone.abort()
  })
  const access = { httpUrl: gateway.httpUrl, token: adminToken }
  const api = createApi({ url: access.httpUrl, token: access.token })
  starting.resolve(api)
  return {
    registry,
    secrets: made.secrets,
    directory,
    paths,
    gateway,
    influxUrl,
    access,
    api,
    kill: async id => await centres.find(centre => centre.id === id)?.receiver.close(),
    over: AbortSignal.any([stopped, gone.signal]),
    blame: () => {
      if (failure !== undefined) throw failure
    },
  }
}

type StartedCentre = Centre & { secret: string; url: string; receiver: Receiver }

async function startCentre(centre: Centre, options: ZoneOptions, api: Promise<Api>): Promise<StartedCentre> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const { say, undo } = options
  const playing =
    centre.play === undefined
      ? undefined
      : api.then(api =>
          createPlayer({
            api,
            by: `duty officer of ${centre.id}`,
            steps: centre.play ?? [],
            plays: centre.plays,
            now: monotonicMs,
            onStep: played => options.onPlayed?.(centre.id, played, monotonicMs()),
          }),
        )
  const receiver = await startReceiver({
    port: 0,
    secret,
    now: systemClock,
    ...(centre.misbehaviour === undefined ? {} : { misbehaviour: centre.misbehaviour }),
    onMessage: received => {
      options.onReceived(centre.id, received, monotonicMs())
      void playing?.then(player => player.note(received.message))
    },
    onRefused: ({ status, reason }) => say(`${centre.id} refused with ${status}: ${reason}`),
  })
  // A dead one's address was free a moment ago, so nobody else answers there.
  if (centre.dead) await receiver.close()
  else
    undo.later(async () => {
      void playing?.then(player => player.stop())
      await receiver.close()
    })
  return { ...centre, secret, url: receiver.url, receiver }
}
