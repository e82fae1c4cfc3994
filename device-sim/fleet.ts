import type { Ack } from '../schemas/ack.ts'
import type { Indicate } from '../schemas/command.ts'
import type { RegistryFile } from '../schemas/registry.ts'
import { Failure } from './arguments.ts'
import type { Ledger } from './book/ledger.ts'
import { monotonicMs, shanghaiTime } from './clock.ts'
import { watchConnecting } from './connecting.ts'
import { connectDevice } from './device.ts'
import { type LivingOptions, type Member, runHeartbeats, runTimetables } from './living.ts'
import { populationOf, type Saying, type Source } from './payloads.ts'
import type { Secrets } from './registry.ts'
import { type Entry, timetable } from './timetable.ts'

export type FleetOptions = LivingOptions & {
  registry: RegistryFile
  secrets: Secrets
  url: string
  /** Something a person should know, one line. */
  onProblem: (line: string) => void
  /** A device was told how far its alarm is. */
  onIndicate?: (deviceId: string, indicate: Indicate) => void
  /** Where a device connects, if not to `url`: its own line to the gateway. */
  urlOf?: (deviceId: string) => string | undefined
  /** What a device says by itself (default: its timetable by its built-in rhythm). */
  entriesOf?: (source: Source) => Iterator<Entry, void>
  /** For devices that listen to their acks. */
  onAck?: (deviceId: string) => ((ack: Ack) => void) | undefined
  /** How long a lost connection stays lost (default: 3 s). */
  reconnectMs?: number
  /** Where each publish and puback is written down. */
  ledger?: Ledger | undefined
  /** How long `stop` waits for outstanding pubacks (default: 10 s). */
  drainMs?: number
  /** Aborted: don't go on waiting for connections. */
  stopped: AbortSignal
}

export type Fleet = {
  connections: () => { connected: number; of: number }
  /** Lets one device say something now, beside its timetable. Gives the event's id and the puback's milliseconds. */
  say: (deviceId: string, saying: Saying) => Promise<{ eventId: string; pubackMs: number }>
  /** Nothing more will come, and all that came was sent. Never for a fleet that lives for ever. */
  finished: Promise<void>
  /** Due and not sent, as their devices are not connected or slow. */
  waiting: () => number
  /** Stops publishing, waits for outstanding pubacks, disconnects. Never throws. */
  stop: () => Promise<void>
}

const defaultReconnectMs = 3000
const connectDeadlineMs = 15_000
const defaultDrainMs = 10_000
const goodbyeMs = 3000

/** Connects every device of the registry that has a secret, then lets each live its week. Throws Failure when none connects. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { registry, secrets, clock, meter } = options
  const idPrefix = clock().toString(36)
  const connecting = watchConnecting({
    deadlineMs: connectDeadlineMs,
    stopped: options.stopped,
    onProblem: options.onProblem,
  })
  const members: Member[] = []
  for (const site of registry.sites) {
    const population = populationOf(options.seed, site)
    for (const device of registry.devices.filter(device => device.site === site.id)) {
      const secret = secrets.devices[device.id]
      if (secret === undefined) {
        options.onProblem(`${device.id} has no secret in the secrets file: it stays dark`)
        continue
      }
      const address = { site: site.id, device: device.id }
      const source = { device, siteKind: site.kind, population }
      const link = connectDevice(
        {
          url: options.urlOf?.(device.id) ?? options.url,
          address,
          secret,
          clock,
          idPrefix,
          reconnectMs: options.reconnectMs ?? defaultReconnectMs,
          announces: true,
          ledger: options.ledger,
        },
        {
          ...connecting.listenerFor(device.id),
          acked: options.onAck?.(device.id),
          indicated: indicate => {
            meter.indicated()
            options.onIndicate?.(device.id, indicate)
          },
        },
      )
      const entries = options.entriesOf?.(source) ?? timetable(source, options.seed, options.startWeekMs)
      members.push({ id: device.id, kind: device.kind, link, entries, held: [], awayMs: 0, skewMs: 0 })
    }
  }
  const connections = () => ({
    connected: members.filter(({ link }) => link.connected()).length,
    of: members.length,
  })
  const closeAll = () => Promise.all(members.map(({ link }) => link.close(goodbyeMs)))

  await connecting.settled(members.length)
  if (connections().connected === 0 && !options.stopped.aborted) {
    await closeAll()
    throw new Failure(`no device could connect to ${options.url}: ${connecting.lastReason() ?? 'it does not answer'}`)
  }

  meter.begin(monotonicMs())
  const timetables = runTimetables(members, options)
  const stopHeartbeats = runHeartbeats(members, options)
  return {
    connections,
    finished: timetables.finished,
    waiting: timetables.waiting,
    say: (deviceId, saying) => {
      const member = members.find(({ id }) => id === deviceId)
      if (member === undefined) return Promise.reject(new Failure(`no device ${deviceId} in the fleet`))
      return new Promise((resolve, reject) => {
        meter.published()
        const eventId = member.link.send(saying, { time: shanghaiTime(clock()) }, (error, pubackMs) => {
          if (error !== undefined) {
            meter.failed()
            return reject(error)
          }
          meter.pubacked(pubackMs)
          resolve({ eventId, pubackMs })
        })
      })
    },
    stop: async () => {
      timetables.stop()
      stopHeartbeats()
      await drained(members, options.drainMs ?? defaultDrainMs)
      await closeAll()
    },
  }
}

/** Until nothing is in flight, at most `drainMs`. */
async function drained(members: readonly Member[], drainMs: number): Promise<void> {
  const endMs = monotonicMs() + drainMs
  while (members.some(({ link }) => link.inFlight() > 0) && monotonicMs() < endMs)
    await new Promise(resolve => setTimeout(resolve, 10))
}
