import { numberOf, readArguments } from './arguments.ts'
import { monotonicMs, systemClock } from './clock.ts'
import { createHands, type Hands } from './demo-hands.ts'
import { createPressStory } from './demo-press.ts'
import { lookAroundText } from './demo-text.ts'
import { endWith } from './ending.ts'
import { startFleet } from './fleet.ts'
import { createMeter } from './meter.ts'
import type { PlayStep } from './playing.ts'
import { buttonOf } from './press.ts'
import { describe } from './receiver-command.ts'
import { clockMs } from './rhythm.ts'
import { showProgress } from './run-command.ts'
import { createScreen, type Screen } from './screen.ts'
import { stopOnSignal, untilStopped } from './stopping.ts'
import { createUndo, type Undo } from './undo.ts'
import { startZone } from './zone.ts'

/** `npm run demo`: everything on this machine, on free ports, gone without a trace after Ctrl-C. */
const help = `npm run demo -- [--seconds N] [--speed N]

Starts the gateway, a dispatch centre and 150 simulated devices with a fresh registry, presses a school's button, shows
the alarm's way until it is closed and what the button shows meanwhile. Then prints the console's address and a token,
and presses other buttons, whose alarms are left to you: one by itself, and one each time you press Enter. Goes on until
Ctrl-C. Writes to InfluxDB where GATEHOUSE_INFLUX_URL is set or influxd is installed.

  --seconds N  stop by itself after that long (not before the press)
  --speed N    so many times faster than real life (default: 30)`

const pressAfterMs = 5000
/** Time to open the console. Where one can press Enter, the press waits for that, and comes all the same for who doesn't. */
const handsAfterMs = { terminal: 60_000, pipe: 20_000 }
const play: readonly PlayStep[] = [
  { action: 'acknowledge', afterMs: 2000 },
  { action: 'dispatch', afterMs: 1000 },
  { action: 'arrive', afterMs: 2000 },
  { action: 'close', afterMs: 1000 },
]

async function demo(options: { speed: number; durationMs: number | undefined }, screen: Screen, undo: Undo) {
  const stopped = stopOnSignal(monotonicMs)
  const button = { id: 'school-01-button-01', site: 'school-01' }
  const story = createPressStory(button, screen.say)
  let hands: Hands | undefined
  const zone = await startZone({
    name: 'demo',
    centres: [{ id: 'command-centre', level: 0, play, plays: ({ device }) => device.id === button.id }],
    influx: true,
    say: screen.say,
    undo,
    stopped,
    onReceived: (centre, received, atMs) => {
      screen.say(`dispatch   ${describe(received)}`)
      story.told({ centre, message: received.message, atMs })
      const { type, data } = received.message
      hands?.told({ type, device: data.alarm?.device.id, disposition: data.alarm?.disposition })
    },
    onPlayed: (_centre, played, atMs) => story.acted(played, atMs),
  })
  if (zone === undefined || stopped.aborted) return
  const { over, registry, secrets, paths, gateway, access, influxUrl } = zone
  /** True when it is time to end; throws when that is the gateway's fault. */
  const ending = () => {
    zone.blame()
    return over.aborted
  }

  const meter = createMeter(monotonicMs())
  const fleet = await startFleet({
    registry,
    secrets,
    url: gateway.mqttUrl,
    seed: '1',
    pace: { speed: options.speed },
    startWeekMs: clockMs('07:30')!,
    eventTime: 'now',
    clock: systemClock,
    meter,
    stopped: over,
    onProblem: screen.say,
    onIndicate: (device, indicate) => story.shown({ device, indicate, atMs: monotonicMs() }),
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
  const { site, device } = buttonOf(registry, button.site, button.id)
  screen.say(`\npressing the button of ${site.name}, ${device.placement} (${device.id})`)
  await Promise.race([story.press(fleet, access), untilStopped(over)])
  if (ending()) return
  const isTerminal = process.stdin.isTTY === true
  const engineer = secrets.accounts.engineer as string
  screen.say(
    `\n${lookAroundText({ ...access, ...paths, mqttUrl: gateway.mqttUrl, influxUrl, engineer, keys: isTerminal })}`,
  )
  const timeIsUp = new AbortController()
  hands = createHands({
    buttons: registry.sites
      .filter(({ kind, id }) => id !== button.site && (kind === 'school' || kind === 'kindergarten'))
      .map(({ id }) => buttonOf(registry, id)),
    say: screen.say,
    lines: isTerminal ? process.stdin : undefined,
    firstAfterMs: isTerminal ? handsAfterMs.terminal : handsAfterMs.pipe,
    stopped: AbortSignal.any([over, timeIsUp.signal]),
  })
  const pressing = hands.press(fleet)
  await untilStopped(over, options.durationMs === undefined ? undefined : Math.max(0, endMs - monotonicMs()))
  timeIsUp.abort()
  await pressing
  ending()
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

await endWith(main)
