import type { RegistryFile } from '../../schemas/registry.ts'
import { Failure } from '../arguments.ts'
import type { Ledger } from '../book/ledger.ts'
import { type Clock, monotonicMs } from '../clock.ts'
import { type Fleet, startFleet } from '../fleet.ts'
import { brokenMark } from '../garble.ts'
import { type Line, mqttUrlOf, startLine } from '../line.ts'
import type { Moment } from '../living.ts'
import type { Meter } from '../meter.ts'
import type { Secrets } from '../registry.ts'
import { untilStopped } from '../stopping.ts'
import type { Entry } from '../timetable.ts'
import { createUndo } from '../undo.ts'
import { type Cast, castOf } from './cast.ts'
import type { Deed } from './deeds.ts'
import type { Mix } from './mix.ts'
import { entriesOf, spoilerOf } from './part.ts'
import type { Played } from './played.ts'
import { type Alarms, entriesFrom, type Recording } from './recording.ts'
import { weekText } from './span.ts'

export type PlayOptions = {
  mix: Mix
  recording?: { of: Recording; firstAtMs: number; alarms: Alarms } | undefined
  registry: RegistryFile
  secrets: Secrets
  url: string
  seed: string
  speed: number
  /** The events' time: the real moment, or none. */
  eventTime: 'now' | 'absent'
  clock: Clock
  meter: Meter
  ledger?: Ledger | undefined
  /** How long a lost connection stays lost. */
  reconnectMs: number
  /** How long whoever is late is waited for at the end. */
  catchUpMs: number
  stopped: AbortSignal
  /** A line for a person: what happens, or what is wrong. */
  say: (line: string) => void
  onStarted?: (fleet: Fleet) => void
}

/** Plays a mix against a gateway, to its end or until stopped. Throws Failure. */
export async function play(options: PlayOptions): Promise<Played> {
  const { mix, registry, seed, meter, say, stopped, recording } = options
  const known = new Set(registry.devices.map(({ id }) => id))
  const recorded = recording?.of.header.devices.filter(id => known.has(id)) ?? []
  const strangers = (recording?.of.header.devices ?? []).filter(id => !known.has(id))
  if (strangers.length > 0)
    say(
      `not in the registry, so left out of the recording: ${strangers.slice(0, 5).join(', ')}${strangers.length > 5 ? ` and ${strangers.length - 5} more` : ''}`,
    )
  const cast = castOf(mix, registry, seed, new Set(recorded))
  const undo = createUndo(error => say(`while stopping: ${(error as Error).message}`))
  const counts = { buffered: 0, malformed: 0, rejected: 0, misjudged: 0, unreadable: 0 }
  try {
    const lines = await linesOf(cast, options.url)
    for (const line of lines.values()) undo.later(line.close)
    const siteOf = new Map(cast.registry.devices.map(({ id, site }) => [id, site]))
    const listening = (id: string) => cast.parts.get(id)!.malformed.length > 0
    const fleet = await startFleet({
      ...{ registry: cast.registry, secrets: options.secrets, url: options.url, seed, meter, stopped },
      ...{ clock: options.clock, ledger: options.ledger, reconnectMs: options.reconnectMs },
      pace: { speed: options.speed },
      startWeekMs: mix.startMs,
      eventTime: options.eventTime,
      onProblem: say,
      urlOf: id => {
        const line = lines.get(siteOf.get(id)!)
        return line && mqttUrlOf(line)
      },
      entriesOf: source => entriesOf(cast.parts.get(source.device.id)!, source, seed, mix.startMs, mix.endMs),
      ...(recording && { stream: streamOf(recording, cast, options, () => (counts.unreadable += 1)) }),
      moments: momentsOf(cast.deeds, lines, mix.endMs, say),
      onPubacked: (entry, buffered) => {
        if (buffered) counts.buffered += 1
        if (entry.garble !== undefined) counts.malformed += 1
      },
      onAck: id =>
        listening(id)
          ? ack => {
              const isRejected = ack.result === 'rejected'
              // Without an id: a broken one whose id can't be read, or a heartbeat or status that was stored.
              const wasBroken = ack.id?.endsWith(brokenMark) ?? isRejected
              if (wasBroken !== isRejected) counts.misjudged += 1
              else if (wasBroken) counts.rejected += 1
            }
          : undefined,
    })
    undo.later(fleet.stop)
    options.onStarted?.(fleet)
    await untilOver(fleet, options)
    await allBack(fleet, options)
    const [connections, notSent] = [fleet.connections(), fleet.waiting()]
    await fleet.stop()
    return { ...meter.totals(), ...counts, notSent, connections, stopped: stopped.aborted }
  } finally {
    await undo.all()
  }
}

/** Of each site that goes dark at some time. */
async function linesOf(cast: Cast, url: string): Promise<Map<string, Line>> {
  if (cast.darkSites.size > 0 && new URL(url).protocol !== 'mqtt:')
    throw new Failure(`a power-cut needs a line that can be cut, so --url must be mqtt://…, not ${url}`)
  return new Map(await Promise.all([...cast.darkSites].map(async site => [site, await startLine(url)] as const)))
}

/** Each deed at its moment; the end is the last, so that a mix without deeds ends at it too. Cuts of one site may overlap. */
function momentsOf(
  deeds: readonly Deed[],
  lines: ReadonlyMap<string, Line>,
  endMs: number,
  say: (line: string) => void,
) {
  const cuts = new Map<string, number>()
  const cut = (site: string, by: 1 | -1) => {
    const before = cuts.get(site) ?? 0
    cuts.set(site, before + by)
    if (before === 0) lines.get(site)!.set({ kind: 'dark' })
    if (before + by === 0) lines.get(site)!.set({ kind: 'clear' })
  }
  const moments = deeds.map(
    (deed): Moment => ({
      atMs: deed.atMs,
      act: member => {
        say(`${weekText(deed.atMs)}  ${deed.text}`)
        if (deed.what === 'dark') cut(deed.site, 1)
        if (deed.what === 'back') cut(deed.site, -1)
        if (deed.what === 'reconnect') for (const id of deed.devices) member(id)?.link.drop()
        if (deed.what === 'skew')
          for (const id of deed.devices) {
            const skewed = member(id)
            if (skewed !== undefined) skewed.skewMs += deed.byMs
          }
      },
    }),
  )
  return [...moments, { atMs: endMs, act: () => {} }]
}

const toldMistakes = 5

function* streamOf(
  { of, ...how }: NonNullable<PlayOptions['recording']>,
  cast: Cast,
  { mix, seed, say }: PlayOptions,
  onUnreadable: () => number,
): Generator<Entry & { device: string }, void> {
  const spoilers = new Map([...cast.parts].map(([id, part]) => [id, spoilerOf(part, id, seed)]))
  const events = of.events(mistake => {
    if (onUnreadable() <= toldMistakes) say(mistake)
  })
  for (const entry of entriesFrom(events, { ...how, startMs: mix.startMs, endMs: mix.endMs }))
    for (const spoiled of spoilers.get(entry.device)?.(entry) ?? []) yield { ...spoiled, device: entry.device }
}

async function untilOver(fleet: Fleet, { mix, speed, stopped, catchUpMs }: PlayOptions): Promise<void> {
  const lastsMs = (mix.endMs - mix.startMs) / speed
  const finished = new AbortController()
  void fleet.finished.then(() => finished.abort())
  await untilStopped(AbortSignal.any([stopped, finished.signal]), lastsMs + catchUpMs)
}

/** Who lost the connection at the very end is waited for. */
async function allBack(fleet: Fleet, { stopped, catchUpMs }: PlayOptions): Promise<void> {
  const endMs = monotonicMs() + catchUpMs
  for (;;) {
    const { connected, of } = fleet.connections()
    if (connected === of || stopped.aborted || monotonicMs() > endMs) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
