import { type Command, Failure, numberOf, oneOf, readArguments, required, UsageError } from './arguments.ts'
import { openLedger } from './book/ledger.ts'
import { monotonicMs, shanghaiWeekMs, systemClock } from './clock.ts'
import { readDays, shippedNames } from './day/day-file.ts'
import { type Given, mixOf, replaysOf } from './day/mix.ts'
import { play } from './day/play.ts'
import { failuresOf, playedText } from './day/played.ts'
import { openRecording } from './day/recording.ts'
import { momentOf, oClock, spanMs, spanText, weekText } from './day/span.ts'
import { createMeter } from './meter.ts'
import { readRegistry, readSecrets } from './registry-files.ts'
import { showProgress } from './run-command.ts'
import { createScreen } from './screen.ts'
import { stopOnSignal } from './stopping.ts'

const help = `npm run sim -- play DAY [DAY …] [--speed N] [--seed TEXT] …

Plays days against a gateway that is there: who takes part, how busy they are, and what goes wrong when, as files say it
(device-sim/days, described in device-sim/README.md). Several are played as one: their rates add up, each fault comes at its
time. Exit code 1 when an event was lost or a device did not come back.

  DAY              one of those below, or the path of a file of your own, ending in .yaml
  --speed N        so many times faster than real life (default: 60)
  --seed TEXT      the same seed gives the same events (default: 1)
  --start TIME     like "Mon 07:30", or "now", instead of what the days say
  --lasts TIME     like 90m, instead of what the days say
  --recording FILE what the day replay plays; npm run sim -- record makes one
  --time now|absent   the events' time: the real moment, or none, as from a device without a clock (default: now)
  --ledger DIR     write down each publish and puback there, for npm run sim -- audit
  --registry FILE  default: registry.yaml
  --secrets FILE   default: secrets.json
  --url URL        default: mqtt://127.0.0.1:1883`

const reconnectMs = 500
const catchUpMs = 60_000

async function run(argv: string[]): Promise<number> {
  const firstFlag = argv.findIndex(word => word.startsWith('-'))
  const names = firstFlag < 0 ? argv : argv.slice(0, firstFlag)
  const values = readArguments(argv.slice(names.length), {
    registry: { type: 'string', default: 'registry.yaml' },
    secrets: { type: 'string', default: 'secrets.json' },
    url: { type: 'string', default: 'mqtt://127.0.0.1:1883' },
    speed: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    start: { type: 'string' },
    lasts: { type: 'string' },
    recording: { type: 'string' },
    time: { type: 'string', default: 'now' },
    ledger: { type: 'string' },
  })
  if (values === undefined) {
    console.log(`${help}\n\n${await shippedText()}`)
    return 0
  }
  if (names.length === 0)
    throw new UsageError(`no day is named; they come first, before the options: ${(await shippedNames()).join(', ')}`)
  const speed = numberOf(values.speed, '--speed', { min: 0.001, max: 100_000 })
  const eventTime = oneOf(values.time, '--time', ['now', 'absent'])
  const url = required(values.url, '--url', 'where the gateway listens')
  if (!URL.canParse(url)) throw new UsageError(`--url is "${url}": it must be an URL like mqtt://127.0.0.1:1883`)
  const asked = { startMs: startOf(values.start), lastsMs: lastsOf(values.lasts), recording: values.recording }
  const { mix, recording } = await programme(names, asked)
  const registry = await readRegistry(values.registry)
  const secrets = await readSecrets(values.secrets)
  const stopped = stopOnSignal(monotonicMs)
  const screen = createScreen(process.stdout)
  const lasts = spanText(Math.round((mix.endMs - mix.startMs) / 1000) * 1000)
  screen.say(
    `${mix.name}: ${lasts} from ${weekText(mix.startMs)}, ${speed} times as fast as real life, seed ${values.seed}`,
  )
  const meter = createMeter(monotonicMs())
  const ledger = values.ledger === undefined ? undefined : openLedger(values.ledger, systemClock)
  let endProgress = () => {}
  const played = await play({
    ...{ mix, recording, registry, secrets, url, speed, eventTime, meter, ledger, stopped, reconnectMs, catchUpMs },
    ...{ seed: values.seed, clock: systemClock, say: screen.say },
    onStarted: fleet => {
      endProgress = showProgress(screen, meter, fleet)
    },
  }).finally(() => {
    endProgress()
    ledger?.close()
  })
  screen.say(`${meter.summary(monotonicMs())}\n${playedText(mix.name, played)}`)
  return failuresOf(played).length === 0 ? 0 : 1
}

/** A recording says itself when it begins and how long it lasts, unless that is asked for. */
async function programme(names: readonly string[], asked: Given) {
  const days = await readDays(names)
  const replays = replaysOf(days, asked)
  if (replays === undefined) return { mix: mixOf(days, asked), recording: undefined }
  const recording = openRecording(replays.path)
  const { firstAt, lastAt } = recording.header
  if (firstAt === undefined || lastAt === undefined) throw new Failure(`${replays.path} holds no event`)
  const mix = mixOf(days, {
    ...asked,
    startMs: asked.startMs ?? shanghaiWeekMs(firstAt),
    lastsMs: asked.lastsMs ?? lastAt - firstAt + 1,
  })
  return { mix, recording: { of: recording, firstAtMs: firstAt, alarms: replays.alarms } }
}

async function shippedText(): Promise<string> {
  const days = await readDays(await shippedNames())
  return days.map(({ name, about }) => `  ${name.padEnd(16)}${about.replaceAll('\n', ' ').trim()}`).join('\n')
}

function startOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text === 'now') return shanghaiWeekMs(systemClock())
  const clock = oClock(text)
  if (clock === undefined) throw new UsageError(`--start is "${text}": it must be like 07:30 or "Mon 07:30", or now`)
  return momentOf(clock, 0)
}

function lastsOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : spanMs(text)
  if (text !== undefined && (ms === undefined || ms < 1000))
    throw new UsageError(`--lasts is "${text}": it must be like 90s, 30m, 24h or 7d`)
  return ms
}

export const playCommand: Command = { summary: 'play a day from a file: school-day, flood, power-cut …', help, run }
