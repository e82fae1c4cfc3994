import { existsSync } from 'node:fs'
import { parseTime } from '../schemas/time.ts'
import { type Command, Failure, readArguments, required, UsageError } from './arguments.ts'
import { monotonicMs, shanghaiTime, systemClock } from './clock.ts'
import { record } from './day/record.ts'
import { createScreen } from './screen.ts'
import { stopOnSignal } from './stopping.ts'

const help = `npm run sim -- record --token TEXT --from TIME [--to TIME] --out FILE [--api URL] [--force]

Makes a recording of what devices said, from a gateway's API, for npm run sim -- play replay --recording FILE. It holds what
the API gives: persons, plates and lists as pseudonyms, no free texts, no pictures. Heartbeats are not recorded.

  --token TEXT     a viewer's token of the gateway
  --from TIME      the events' time, inclusive, like 2026-11-24T00:00:00+08:00
  --to TIME        exclusive (default: now)
  --out FILE       where to write it, JSON Lines (mode 0600)
  --force          overwrite a file that is there
  --api URL        default: http://127.0.0.1:8080`

async function run(argv: string[]): Promise<number> {
  const values = readArguments(argv, {
    api: { type: 'string', default: 'http://127.0.0.1:8080' },
    token: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string', default: shanghaiTime(systemClock()) },
    out: { type: 'string' },
    force: { type: 'boolean', default: false },
  })
  if (values === undefined) {
    console.log(help)
    return 0
  }
  const token = required(values.token, '--token', "a viewer's token of the gateway")
  const from = required(values.from, '--from', 'the time of the first event, like 2026-11-24T00:00:00+08:00')
  const out = required(values.out, '--out', 'the file to write, like day.jsonl')
  const [fromMs, toMs] = [timeOf(from, '--from'), timeOf(values.to, '--to')]
  if (fromMs >= toMs) throw new UsageError(`--from ${from} must be before --to ${values.to}`)
  if (!URL.canParse(values.api))
    throw new UsageError(`--api is "${values.api}": it must be an URL like http://127.0.0.1:8080`)
  if (existsSync(out) && !values.force)
    throw new Failure(`${out} is there already: choose another --out, or overwrite it with --force`)
  const stopped = stopOnSignal(monotonicMs)
  const screen = createScreen(process.stdout)
  let shownMs = Number.NEGATIVE_INFINITY
  const made = await record({
    ...{ api: values.api, token, from, to: values.to, out, stopped },
    onProgress: (events, oldest) => {
      if (monotonicMs() - shownMs < screen.intervalMs) return
      shownMs = monotonicMs()
      const share = Math.min(1, Math.max(0, (toMs - Date.parse(oldest)) / (toMs - fromMs)))
      screen.progress(`${events} events, back to ${oldest}, ${(share * 100).toFixed(0)} % of the time`)
    },
  })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.syscall === undefined) throw error
      throw new Failure(`${out} can't be written (${error.code}): choose another --out`)
    })
    .finally(screen.end)
  if (made === undefined) {
    screen.say('stopped: nothing was written')
    return 1
  }
  screen.say(`${out}: ${made.events} events of ${made.devices} devices`)
  if (made.leftOut > 0)
    screen.say(`${made.leftOut} events could not be recorded: the gateway could not show their data`)
  return 0
}

function timeOf(text: string, flag: string): number {
  const ms = parseTime(text)
  if (ms === undefined) throw new UsageError(`${flag} is "${text}": it must be a time like 2026-11-24T08:15:00+08:00`)
  return ms
}

export const recordCommand: Command = { summary: 'make a recording from a live gateway', help, run }
