import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure, numberOf, readArguments, UsageError } from './arguments.ts'
import { monotonicMs, systemClock } from './clock.ts'
import { childEnvironment, influxFromEnvironment, searchPath } from './config.ts'
import { startGateway } from './demo-gateway.ts'
import { findInfluxd, startInfluxd } from './demo-influx.ts'
import { followPress, watchArrivals } from './demo-press.ts'
import { alarmWayText, lookAroundText } from './demo-text.ts'
import { startFleet } from './fleet.ts'
import { createMeter } from './meter.ts'
import { buttonOf } from './press.ts'
import { startReceiver } from './receiver.ts'
import { describe } from './receiver-command.ts'
import { makeRegistry } from './registry.ts'
import { writeRegistry } from './registry-files.ts'
import { clockMs } from './rhythm.ts'
import { showProgress } from './run-command.ts'
import { createScreen, type Screen } from './screen.ts'
import { stopOnSignal, untilStopped } from './stopping.ts'

/** `npm run demo`: everything on this machine, on free ports, gone without a trace after Ctrl-C. */
const help = `npm run demo -- [--seconds N] [--speed N]

Starts the gateway, a dispatch centre and 150 simulated devices with a fresh registry, presses a school's button, shows
the alarm's way, and goes on until Ctrl-C. Writes to InfluxDB where GATEHOUSE_INFLUX_URL is set or influxd is installed.

  --seconds N  stop by itself after that long (not before the press)
  --speed N    so many times faster than real life (default: 30)`

const pressAfterMs = 5000
const token = () => randomBytes(24).toString('base64url')

type Undo = { later: (what: () => Promise<unknown>) => void; all: () => Promise<void> }

async function demo(options: { speed: number; durationMs: number | undefined }, screen: Screen, undo: Undo) {
  const stopped = stopOnSignal(monotonicMs)
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-demo-'))
  undo.later(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }))

  const registry = makeRegistry({ seed: '1' })
  const paths = await writeRegistry(directory, registry, { force: false, comment: 'Made by npm run demo' })
  const { sites, devices } = registry.file
  screen.say(`registry   ${sites.length} sites, ${devices.length} devices in ${directory}`)

  const arrivals = watchArrivals()
  const dispatchSecret = `whsec_${randomBytes(32).toString('base64')}`
  const receiver = await startReceiver({
    port: 0,
    secret: dispatchSecret,
    now: systemClock,
    onMessage: received => {
      arrivals.note(received)
      screen.say(`dispatch   ${describe(received)}`)
    },
    onRefused: ({ status, reason }) => screen.say(`dispatch   refused with ${status}: ${reason}`),
  })
  undo.later(receiver.close)
  screen.say(`dispatch   a centre that verifies signatures, at ${receiver.url}`)

  const influxUrl = await influxFor(directory, screen, undo)
  if (stopped.aborted) return
  const adminToken = token()
  const gateway = await startGateway({
    cwd: directory,
    env: childEnvironment({
      GATEHOUSE_DATA_DIR: join(directory, 'data'),
      GATEHOUSE_REGISTRY: paths.registryPath,
      GATEHOUSE_MQTT_PORT: '0',
      GATEHOUSE_HTTP_PORT: '0',
      GATEHOUSE_DISPATCH_URL: receiver.url,
      GATEHOUSE_DISPATCH_SECRET: dispatchSecret,
      GATEHOUSE_API_TOKENS: `demo:admin:${adminToken}`,
      ...(influxUrl === undefined ? {} : { GATEHOUSE_INFLUX_URL: influxUrl }),
    }),
    onTrouble: screen.say,
  })
  undo.later(() => gateway.child.end(10_000))
  screen.say(`gateway    ready in ${Math.round(gateway.readyMs)} ms`)
  if (stopped.aborted) return
  const gatewayGone = new AbortController()
  let failure: Failure | undefined
  void gateway.child.ended.then(how => {
    if (!stopped.aborted)
      failure = new Failure(`the gateway ${how}. Its last lines:\n${gateway.child.tail().join('\n')}`)
    gatewayGone.abort()
  })
  /** True when it is time to end; throws when that is the gateway's fault. */
  const over = AbortSignal.any([stopped, gatewayGone.signal])
  const ending = () => {
    if (failure !== undefined) throw failure
    return over.aborted
  }

  const meter = createMeter(monotonicMs())
  const fleet = await startFleet({
    registry: registry.file,
    secrets: registry.secrets,
    url: gateway.mqttUrl,
    seed: '1',
    pace: { speed: options.speed },
    startWeekMs: clockMs('07:30')!,
    eventTime: 'now',
    clock: systemClock,
    meter,
    stopped: over,
    onProblem: screen.say,
  })
  undo.later(async () => {
    await fleet.stop()
    screen.say(meter.summary(monotonicMs()))
  })
  screen.say(`fleet      ${fleet.connections().connected} devices connected; it is Monday 07:30, ×${options.speed}`)
  const stopProgress = showProgress(screen, meter, fleet)
  undo.later(async () => {
    stopProgress()
    screen.say('\nstopping …')
  })

  const endMs = monotonicMs() + (options.durationMs ?? Number.POSITIVE_INFINITY)
  await untilStopped(over, pressAfterMs)
  if (ending()) return
  const { site, device } = buttonOf(registry.file, 'school-01')
  screen.say(`\npressing the button of ${site.name}, ${device.placement} (${device.id})`)
  const access = { httpUrl: gateway.httpUrl, token: adminToken }
  const way = await Promise.race([followPress({ fleet, arrivals, button: device, ...access }), untilStopped(over)])
  if (ending() || way === undefined) return
  screen.say(alarmWayText(way))
  const engineer = registry.secrets.accounts.engineer as string
  screen.say(lookAroundText({ ...access, ...paths, mqttUrl: gateway.mqttUrl, influxUrl, engineer }))
  await untilStopped(over, options.durationMs === undefined ? undefined : Math.max(0, endMs - monotonicMs()))
  ending()
}

/** The URL the gateway shall write to besides its own environment's; undefined: none, or that of the environment. */
async function influxFor(directory: string, screen: Screen, undo: Undo): Promise<string | undefined> {
  const given = influxFromEnvironment()
  if (given !== undefined) {
    screen.say('InfluxDB   as GATEHOUSE_INFLUX_URL says')
    return undefined
  }
  const influxd = findInfluxd(searchPath())
  const started =
    influxd === undefined
      ? 'influxd is not installed and GATEHOUSE_INFLUX_URL is not set'
      : await startInfluxd(influxd, directory, childEnvironment({}))
  if (typeof started === 'string') {
    screen.say(`InfluxDB   none (${started}): events stay in the journal, the embedded default`)
    return undefined
  }
  undo.later(() => started.child.end(5000))
  screen.say(`InfluxDB   ${started.version}, started for this demo, at ${started.url}`)
  return started.url
}

/** What was started last is stopped first; one that fails does not keep the others from being stopped. */
function createUndo(onError: (error: unknown) => void): Undo {
  const steps: (() => Promise<unknown>)[] = []
  return {
    later: step => steps.push(step),
    all: async () => {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step().catch(onError)
    },
  }
}

async function main(argv: string[]): Promise<number> {
  const values = readArguments(argv, { seconds: { type: 'string' }, speed: { type: 'string', default: '30' } })
  if (values === undefined) {
    console.log(help)
    return 0
  }
  const durationMs =
    values.seconds === undefined ? undefined : numberOf(values.seconds, '--seconds', { min: 1, max: 1_000_000 }) * 1000
  const speed = numberOf(values.speed, '--speed', { min: 0.001, max: 100_000 })
  const screen = createScreen(process.stdout)
  const undo = createUndo(error => console.error(error))
  try {
    await demo({ speed, durationMs }, screen, undo)
    return 0
  } finally {
    await undo.all()
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError || error instanceof Failure)) throw error
  console.error(error.message)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
