import { numberOf, readArguments, UsageError } from './arguments.ts'
import { planText, resultText, seedsTable } from './chaos/report.ts'
import { type ChaosResult, runChaos } from './chaos/run.ts'
import { monotonicMs } from './clock.ts'
import { endWith } from './ending.ts'
import { createScreen } from './screen.ts'
import { stopOnSignal } from './stopping.ts'

/** `npm run chaos`: gateway, InfluxDB and receiver on this machine, hurt under load by a seeded plan, then audited. */
const help = `npm run chaos -- [--minutes N | --seconds N] [--seed TEXT | --seeds N] [--json] …

Starts gateway, InfluxDB and receiver with a bad line before each, lets 150 devices publish and buttons be pressed, and by a
seeded plan kills and freezes them, slows, stalls, cuts, half-opens, resets and drops their lines, and fills the gateway's
disk (as root, on a small tmpfs). Then it heals all, waits until nothing is pending and audits. Exit code 1 on any loss.

  --minutes N      of faults (default: 1); --seconds N for less
  --seed TEXT      the same seed gives the same plan and the same load (default: 1)
  --seeds N        instead: the seeds 1 to N, each with a world of its own, and a table of all; the odd ones as with --no-disk
  --rate N         events per second over the whole fleet (default: 300)
  --press-every S  a button is pressed every S s (default: 0.5)
  --late S         an alarm is late when it is told more than S s after the press, not counting what was down (default: 5)
  --no-disk        leave the journal on this machine's own disk, whose commits take their time, and don't fill that
  --json           print the results as JSON, one line a seed`

async function main(argv: string[]): Promise<number> {
  const values = readArguments(argv, {
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    rate: { type: 'string', default: '300' },
    'press-every': { type: 'string', default: '0.5' },
    late: { type: 'string', default: '5' },
    'no-disk': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  })
  if (values === undefined) {
    console.log(help)
    return 0
  }
  if (values.seed !== undefined && values.seeds !== undefined)
    throw new UsageError('--seed and --seeds exclude each other: give one of them')
  const limits = { min: 0, max: 100_000 }
  const minutes = numberOf(values.minutes ?? (values.seconds === undefined ? '1' : '0'), '--minutes', limits)
  const seconds = numberOf(values.seconds ?? '0', '--seconds', limits)
  const seeds =
    values.seeds === undefined
      ? [values.seed ?? '1']
      : Array.from({ length: numberOf(values.seeds, '--seeds', { min: 1, max: 1000, whole: true }) }, (_, index) =>
          String(index + 1),
        )
  const options = {
    durationMs: minutes * 60_000 + seconds * 1000,
    rate: numberOf(values.rate, '--rate', { min: 1, max: 100_000 }),
    pressEveryMs: numberOf(values['press-every'], '--press-every', { min: 0.01, max: 3600 }) * 1000,
    lateAfterMs: numberOf(values.late, '--late', limits) * 1000,
    withDisk: !values['no-disk'],
    over: stopOnSignal(monotonicMs),
  }
  const screen = createScreen(process.stdout)
  const say = values.json ? () => {} : screen.say
  const results: ChaosResult[] = []
  for (const seed of seeds) {
    say(`seed ${seed}: ${options.durationMs / 1000} s of faults under ${options.rate} events/s`)
    const startMs = monotonicMs()
    const result = await runChaos({
      ...options,
      seed,
      // A tmpfs commits in no time, which hides what is lost between a puback and a commit: half of the worlds have a real disk.
      withDisk: options.withDisk && (values.seeds === undefined || Number(seed) % 2 === 0),
      say: line => say(`${((monotonicMs() - startMs) / 1000).toFixed(1).padStart(7)} s  ${line}`),
      onPlan: plan => say(planText(plan)),
    })
    results.push(result)
    say(`\n${resultText(result)}\n`)
    if (values.json) console.log(JSON.stringify(result))
  }
  if (results.length > 1) say(seedsTable(results))
  return results.every(({ passed }) => passed) ? 0 : 1
}

await endWith(main)
