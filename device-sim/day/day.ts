import { z } from 'zod'
import { modes, triggers } from '../../schemas/events/alarm.ts'
import { Clock, fields, PerHour, Span, When } from './fields.ts'
import { deviceShape, SomeDevices, someSites } from './who.ts'

/** A day of the zone as a file: who takes part, how busy each is, and what goes wrong when. */

/** What may go wrong. All times and rates are the day's, so `--speed` makes all of them faster. */
const faults = {
  /** A site's devices lose the gateway, which is not told; they keep what happens and send it when they are back. */
  'power-cut': fields(someSites),
  /** Devices' clocks are so many minutes ahead; less than nothing: behind. */
  'clock-skew': fields({ devices: SomeDevices, minutes: z.number().min(-50_000_000).max(50_000_000) }),
  /** So much of what they say comes out broken, each of it `burst` times at once. */
  malformed: fields({
    devices: SomeDevices,
    share: z.number().gt(0).max(1),
    burst: z.int().min(1).max(1000).default(1),
  }),
  /** Each says so many events a second more. Without a `kind`, panic buttons are left out. */
  flood: fields({ devices: SomeDevices, perSecond: z.number().gt(0).max(10_000) }),
  /** They lose their connections in one moment, and come back. */
  reconnect: fields({ devices: SomeDevices }),
  /** Somebody presses each site's first panic button. */
  press: fields({ ...someSites, trigger: z.enum(triggers).default('panic'), mode: z.enum(modes).default('test') }),
}
export type FaultKind = keyof typeof faults
const faultKinds = Object.keys(faults) as FaultKind[]
const momentary: readonly FaultKind[] = ['reconnect', 'press']
const optionalFaults = Object.fromEntries(faultKinds.map(kind => [kind, faults[kind].optional()])) as {
  [K in FaultKind]: z.ZodOptional<(typeof faults)[K]>
}

/** What goes wrong, by its kind. */
export type Wrong = { [K in FaultKind]: { kind: K } & z.output<(typeof faults)[K]> }[FaultKind]

const Fault = fields({ at: When, for: Span.optional(), every: Span.optional(), ...optionalFaults }).transform(
  ({ at, for: forMs, every: everyMs, ...kinds }, context) => {
    const named = faultKinds.filter(kind => kinds[kind] !== undefined)
    const [kind, ...more] = named
    const mistake = (message: string, path: string[] = []) => {
      context.addIssue({ code: 'custom', message, path })
      return z.NEVER
    }
    if (kind === undefined) return mistake(`must say what goes wrong: one of ${faultKinds.join(', ')}`)
    if (more.length > 0) return mistake(`says ${named.join(' and ')}; make an entry of each`)
    const isMoment = momentary.includes(kind)
    if (isMoment && forMs !== undefined)
      return mistake(`is no span of time: ${kind} is over at once; leave it out`, ['for'])
    if (!isMoment && forMs === undefined) return mistake('is missing: how long it lasts, like for: 20m', ['for'])
    if (everyMs !== undefined && everyMs < (forMs ?? 0))
      return mistake('must be no shorter than what it repeats (for)', ['every'])
    return { at, forMs: forMs ?? 0, everyMs, wrong: { kind, ...kinds[kind] } as Wrong }
  },
)

const Rate = fields({
  ...deviceShape,
  perHour: PerHour.optional(),
  rhythm: z.number().min(0).max(1000).optional(),
}).refine(({ perHour, rhythm }) => (perHour === undefined) !== (rhythm === undefined), {
  message: 'must say either perHour or rhythm, how much of the device’s built-in rhythm',
})

/** A recording is played: its alarms as tests, so that nobody is sent, as they were, or not at all. */
const Replay = fields({
  recording: z.string().min(1).max(4096).optional(),
  alarms: z.enum(['test', 'as-recorded', 'none']).default('test'),
})

export const DayContent = fields({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1–64 of a–z, 0–9 and -'),
  about: z.string().min(1).max(1000),
  starts: Clock.optional(),
  lasts: Span.optional(),
  fleet: z.array(fields(deviceShape)).min(1).max(1000).optional(),
  rates: z.array(Rate).max(1000).default([]),
  faults: z.array(Fault).max(1000).default([]),
  replays: Replay.optional(),
})

export type Fault = z.output<typeof Fault>
export type Rate = z.output<typeof Rate>
/** `where` says for each fault in which line of which file it stands. */
export type Day = z.output<typeof DayContent> & { file: string; where: readonly string[] }
