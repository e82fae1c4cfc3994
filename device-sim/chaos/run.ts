import { setTimeout as after } from 'node:timers/promises'
import type { Stats } from '../../schemas/api.ts'
import { Failure } from '../arguments.ts'
import { askStats } from '../audit/audit.ts'
import { auditInThread } from '../audit/audit-thread.ts'
import type { Outage } from '../audit/outages.ts'
import type { AuditReport } from '../audit/report.ts'
import { openLedger } from '../book/ledger.ts'
import { monotonicMs, systemClock } from '../clock.ts'
import { type Fleet, startFleet } from '../fleet.ts'
import { createMeter } from '../meter.ts'
import { createRandom } from '../random.ts'
import { clockMs } from '../rhythm.ts'
import { createUndo } from '../undo.ts'
import { type Planned, planOf } from './plan.ts'
import { createStriker } from './strike.ts'
import { startWorld, type World } from './world.ts'

/** One seed's world: started, loaded, struck, healed, drained, audited, and gone. */
export type ChaosOptions = {
  seed: string
  /** Of the plan; healing, draining and auditing come after it. */
  durationMs: number
  /** Events per second over the fleet. */
  rate: number
  pressEveryMs: number
  withDisk: boolean
  lateAfterMs: number
  say: (line: string) => void
  over: AbortSignal
  onPlan?: (plan: readonly Planned[]) => void
  /** The world as it is after the audit, before it goes. */
  inspect?: (world: World, result: ChaosResult) => Promise<void>
}

export type ChaosResult = {
  seed: string
  durationMs: number
  /** Nothing was lost, doubled, altered or missing, and all was drained. */
  passed: boolean
  plan: readonly Planned[]
  /** How the disk was filled, or why not. */
  disk: string
  outages: readonly Outage[]
  /** What ended without having been killed. It was started again. */
  died: readonly string[]
  load: { published: number; pubacked: number; failed: number; presses: number }
  /** From the last fault's end until nothing was pending. */
  drainedMs: number
  undrained: string | undefined
  audit: AuditReport
}

const reconnectMs = 1000
const connectedDeadlineMs = 90_000
const pubackedDeadlineMs = 60_000
const drainedDeadlineMs = 180_000
/** Room on the small disk for the run, with what a write-ahead log and the alarms take. */
const diskBytesOf = ({ rate, durationMs }: ChaosOptions) =>
  Math.ceil(96 * 1024 * 1024 + (rate * durationMs * 2500) / 1000)

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, durationMs, say, over } = options
  const undo = createUndo(error => say(String(error)))
  try {
    let world: World | undefined
    const striker = createStriker(() => world as World, systemClock, say)
    world = await startWorld({
      seed,
      diskBytes: options.withDisk ? diskBytesOf(options) : undefined,
      undo,
      onTrouble: () => {}, // with all these faults there is plenty
      onDied: striker.revive,
    })
    const withDisk = typeof world.disk !== 'string'
    const plan = planOf({ seed, durationMs, withDisk })
    options.onPlan?.(plan)
    const load = await startLoad(options, world)
    undo.later(load.stop)
    await striker.run(plan, over)
    const goOn = () => {
      if (over.aborted) throw new Failure('stopped before it was over: nothing is shown')
    }
    goOn()

    const healedMs = monotonicMs()
    say('healed; draining')
    load.stopPressing()
    await until(() => allConnected(load.fleet), connectedDeadlineMs, over)
    goOn()
    await load.stop()
    const undrained = await drained(world, over)
    goOn()
    const drainedMs = monotonicMs() - healedMs
    const report = await auditInThread({
      ...{ ledger: world.ledger, book: world.book, influx: world.influx, api: world.api },
      ...{ lateAfterMs: options.lateAfterMs, outages: striker.outages, settledMs: Number.POSITIVE_INFINITY },
    })
    const result: ChaosResult = {
      ...{ seed, durationMs, plan, drainedMs, undrained },
      passed: report.passed && undrained === undefined,
      disk: typeof world.disk === 'string' ? world.disk : 'a small one that can be filled',
      outages: striker.outages,
      died: striker.died,
      load: load.totals(),
      audit: report,
    }
    await options.inspect?.(world, result)
    return result
  } finally {
    await undo.all()
  }
}

const allConnected = ({ connections }: Fleet): boolean => connections().connected === connections().of

async function startLoad(options: ChaosOptions, world: World) {
  const { seed, rate, over, say } = options
  const ledger = openLedger(world.ledger, systemClock)
  const meter = createMeter(monotonicMs())
  const fleet = await startFleet({
    ...{ registry: world.registry, secrets: world.secrets, url: world.mqttUrl, seed, pace: { rate }, reconnectMs },
    startWeekMs: clockMs('07:30')!,
    eventTime: 'now',
    clock: systemClock,
    ...{ meter, ledger, stopped: over, drainMs: pubackedDeadlineMs, onProblem: say },
  })
  const buttons = world.registry.devices.filter(({ kind }) => kind === 'panic-button')
  const random = createRandom(seed, 'presses')
  let presses = 0
  const press = () => {
    presses += 1
    const data = { trigger: 'panic', state: 'raised', mode: 'actual' } as const
    // One that gets no puback is in the ledger as such.
    fleet.say(random.pick(buttons).id, { kind: 'alarm', data }).catch(() => {})
  }
  const timer = setInterval(press, options.pressEveryMs)
  let stopping: Promise<void> | undefined
  const stop = async () => {
    clearInterval(timer)
    await fleet.stop()
    ledger.close()
  }
  return {
    fleet,
    totals: () => {
      const { published, pubacked, failed } = meter.totals()
      return { published, pubacked, failed, presses }
    },
    stopPressing: () => clearInterval(timer),
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}

/** Until no consumer and no delivery has anything left; else a sentence saying what has. */
async function drained(world: World, over: AbortSignal): Promise<string | undefined> {
  let left = 'the API does not answer'
  const isDrained = async () => {
    const stats = await askStats(world.api).catch(() => undefined)
    if (stats !== undefined) left = pendingOf(stats)
    return left === ''
  }
  return (await until(isDrained, drainedDeadlineMs, over))
    ? undefined
    : `not drained within ${drainedDeadlineMs / 1000} s: ${left}`
}

export const pendingOf = ({ consumers, deliveries }: Stats): string =>
  [...Object.entries(consumers), ['deliveries', deliveries] as const]
    .flatMap(([name, { pending }]) => (pending > 0 ? [`${name} ${pending} pending`] : []))
    .join(', ')

async function until(ask: () => boolean | Promise<boolean>, ms: number, over: AbortSignal): Promise<boolean> {
  for (const endMs = monotonicMs() + ms; monotonicMs() < endMs && !over.aborted; await after(100))
    if (await ask()) return true
  return false
}
