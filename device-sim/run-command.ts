import { type Command, numberOf, oneOf, readArguments, required, UsageError } from './arguments.ts'
import { openLedger } from './book/ledger.ts'
import { monotonicMs, shanghaiWeekMs, systemClock } from './clock.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { createMeter, type Meter } from './meter.ts'
import { readRegistry, readSecrets } from './registry-files.ts'
import { clockMs } from './rhythm.ts'
import { createScreen, type Screen } from './screen.ts'
import { stopOnSignal, untilStopped } from './stopping.ts'

const help = `npm run sim -- run [--registry FILE] [--secrets FILE] [--url URL] [--speed N | --rate N] …

Connects every device of the registry over MQTT and lets each live by its kind's daily rhythm, until Ctrl-C.

  --registry FILE  default: registry.yaml
  --secrets FILE   default: secrets.json
  --url URL        default: mqtt://127.0.0.1:1883
  --speed N        so many times faster than real life (default: 60, a day in 24 minutes)
  --rate N         instead: so many events per second over the whole fleet, whatever the hour
  --start HH:MM    the time of a Monday in Asia/Shanghai at which it begins, or "now" (default: 07:30)
  --minutes N, --seconds N   stop by itself after that much real time
  --time now|absent   the events' time: the real moment, or none, as from a device without a clock (default: now)
  --ledger DIR     write down each publish and puback there, for npm run sim -- audit; several runs may share it
  --seed TEXT      the same seed gives the same events (default: 1)`

async function run(argv: string[]): Promise<number> {
  const values = readArguments(argv, {
    registry: { type: 'string', default: 'registry.yaml' },
    secrets: { type: 'string', default: 'secrets.json' },
    url: { type: 'string', default: 'mqtt://127.0.0.1:1883' },
    speed: { type: 'string' },
    rate: { type: 'string' },
    start: { type: 'string', default: '07:30' },
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    time: { type: 'string', default: 'now' },
    ledger: { type: 'string' },
    seed: { type: 'string', default: '1' },
  })
  if (values === undefined) {
    console.log(help)
    return 0
  }
  const pace = paceOf(values.speed, values.rate)
  const durationMs = durationOf(values.minutes, values.seconds)
  const startWeekMs = startOf(values.start)
  const eventTime = oneOf(values.time, '--time', ['now', 'absent'])
  const url = required(values.url, '--url', 'where the gateway listens')
  const stopped = stopOnSignal(monotonicMs)
  const registry = await readRegistry(values.registry)
  const secrets = await readSecrets(values.secrets)
  const screen = createScreen(process.stdout)
  const meter = createMeter(monotonicMs())
  const ledger = values.ledger === undefined ? undefined : openLedger(values.ledger, systemClock)
  const fleet = await startFleet({
    registry,
    secrets,
    url,
    seed: values.seed,
    pace,
    startWeekMs,
    eventTime,
    clock: systemClock,
    meter,
    ledger,
    stopped,
    onProblem: screen.say,
  })
  const stopProgress = showProgress(screen, meter, fleet)
  await untilStopped(stopped, durationMs)
  stopProgress()
  screen.say('stopping: waiting for outstanding pubacks …')
  await fleet.stop()
  ledger?.close()
  screen.say(meter.summary(monotonicMs()))
  return 0
}

/** Keeps the progress line going; returns what ends it. */
export function showProgress(screen: Screen, meter: Meter, fleet: Fleet): () => void {
  const timer = setInterval(() => screen.progress(meter.lap(monotonicMs(), fleet.connections())), screen.intervalMs)
  return () => {
    clearInterval(timer)
    screen.end()
  }
}

function paceOf(speed: string | undefined, rate: string | undefined) {
  if (speed !== undefined && rate !== undefined)
    throw new UsageError('--speed and --rate exclude each other: give one of them')
  if (rate !== undefined) return { rate: numberOf(rate, '--rate', { min: 0.001, max: 1_000_000 }) }
  return { speed: numberOf(speed ?? '60', '--speed', { min: 0.001, max: 100_000 }) }
}

function durationOf(minutes: string | undefined, seconds: string | undefined): number | undefined {
  const limits = { min: 0.001, max: 1_000_000 }
  if (minutes === undefined && seconds === undefined) return undefined
  return (
    (minutes === undefined ? 0 : numberOf(minutes, '--minutes', limits) * 60_000) +
    (seconds === undefined ? 0 : numberOf(seconds, '--seconds', limits) * 1000)
  )
}

function startOf(text: string): number {
  if (text === 'now') return shanghaiWeekMs(systemClock())
  const ms = clockMs(text)
  if (ms === undefined) throw new UsageError(`--start is "${text}": it must be HH:MM, like 07:30, or now`)
  return ms
}

export const runCommand: Command = { summary: 'let the whole fleet live its day', help, run }
