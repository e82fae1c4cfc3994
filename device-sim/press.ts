import { Ack } from '../schemas/ack.ts'
import type { Indicate } from '../schemas/command.ts'
import type { Payload } from '../schemas/events/kinds.ts'
import type { Device, RegistryFile, Site } from '../schemas/registry.ts'
import { topics } from '../schemas/topics.ts'
import { Failure } from './arguments.ts'
import { type Clock, monotonicMs, shanghaiTime } from './clock.ts'
import { connectDevice } from './device.ts'
import type { Secrets } from './registry.ts'

export type PressOptions = {
  url: string
  device: Device
  secret: string
  alarm: Payload<'alarm'>['data']
  clock: Clock
  /** Goes on watching what the device is told about its alarm for that long after the ack, or until the alarm is closed. */
  watchMs?: number
  onProgress?: (progress: PressProgress) => void
}
/** In the order in which it happens. `afterMs`: since the press; undefined: it speaks of an alarm that was open before it. */
export type PressProgress =
  | { what: 'pubacked'; afterMs: number }
  | { what: 'acked'; ack: Ack | undefined }
  | { what: 'indicated'; indicate: Indicate; afterMs: number | undefined }
export type Pressed = {
  eventId: string
  pubackMs: number
  ack: Ack | undefined
  /** From the press until the button first showed something; undefined: it didn't. */
  firstIndicateMs: number | undefined
}

const connectDeadlineMs = 10_000
const answerDeadlineMs = 10_000
const ackDeadlineMs = 2000

/** The site's first panic button, or the device named. Throws Failure with what there is to choose from. */
export function buttonOf(registry: RegistryFile, siteId: string, deviceId?: string): { site: Site; device: Device } {
  const site = registry.sites.find(({ id }) => id === siteId)
  if (site === undefined) throw new Failure(`no site ${siteId} in the registry (there is ${someOf(registry.sites)})`)
  const there = registry.devices.filter(device => device.site === siteId)
  const device = there.find(({ id, kind }) => (deviceId === undefined ? kind === 'panic-button' : id === deviceId))
  if (device !== undefined) return { site, device }
  throw new Failure(
    deviceId === undefined
      ? `${siteId} has no panic button; name another of its devices with --device (there is ${someOf(there)})`
      : `no device ${deviceId} at ${siteId} (there is ${someOf(there)})`,
  )
}

const someOf = (things: readonly { id: string }[]): string => {
  const ids = things.slice(0, 6).map(({ id }) => id)
  return `${ids.join(', ')}${things.length > ids.length ? ', …' : ''}` || 'nothing'
}

export function secretOf(secrets: Secrets, device: Device): string {
  const secret = secrets.devices[device.id]
  if (secret === undefined) throw new Failure(`no secret for ${device.id} in the secrets file`)
  return secret
}

/**
 * Connects as the device, publishes one alarm event and waits for its puback and its ack. A running fleet's connection
 * of that device is taken over and comes back by itself. Throws Failure when there is no puback.
 */
export async function press({ url, device, secret, alarm, clock, ...watching }: PressOptions): Promise<Pressed> {
  const { watchMs = 0, onProgress } = watching
  const address = { site: device.site, device: device.id }
  const connected = deadline<void>(connectDeadlineMs, `${url} doesn't answer`)
  const pubacked = deadline<number>(connectDeadlineMs + answerDeadlineMs, 'no puback came in time')
  let pressedMs: number | undefined
  let firstIndicateMs: number | undefined
  const closedAlarm = Promise.withResolvers<void>()
  const link = connectDevice(
    // It leaves the device's presence alone: it has no will and says no status.
    { url, address, secret, clock, idPrefix: clock().toString(36), reconnectMs: 0, announces: false },
    {
      connected: () => connected.resolve(),
      failed: (reason, refused) =>
        connected.reject(
          new Failure(
            `${url} ${refused === undefined ? "can't be reached" : `refused ${device.id} (CONNACK ${refused})`}: ${reason}`,
          ),
        ),
      closed: () => {
        const lost = new Failure(`${url} closed the connection of ${device.id}`)
        connected.reject(lost)
        pubacked.reject(lost)
        closedAlarm.resolve() // nothing more can come
      },
      indicated: indicate => {
        const afterMs = pressedMs === undefined ? undefined : monotonicMs() - pressedMs
        firstIndicateMs ??= afterMs
        onProgress?.({ what: 'indicated', indicate, afterMs })
        if (indicate.stage === 'closed' && afterMs !== undefined) closedAlarm.resolve()
      },
    },
  )
  try {
    await connected.promise
    const acked = deadline<Ack>(ackDeadlineMs, 'no ack came in time')
    let eventId = ''
    const subscribed = link.subscribe(topics.ack(address), payload => {
      const ack = Ack.safeParse(JSON.parse(payload.toString('utf8')))
      if (ack.success && ack.data.id === eventId) acked.resolve(ack.data)
    })
    await subscribed.catch(() => acked.reject(new Failure('the ack topic may not be watched')))
    pressedMs = monotonicMs()
    eventId = link.send({ kind: 'alarm', data: alarm }, { time: shanghaiTime(clock()) }, (error, pubackMs) =>
      error === undefined ? pubacked.resolve(pubackMs) : pubacked.reject(new Failure(`no puback: ${error.message}`)),
    )
    const pubackMs = await pubacked.promise
    onProgress?.({ what: 'pubacked', afterMs: pubackMs })
    // The puback is the promise; the ack says more, and a gateway may be too busy to say it in time.
    const ack = await acked.promise.catch(() => undefined)
    onProgress?.({ what: 'acked', ack })
    if (watchMs > 0) await Promise.race([closedAlarm.promise, after(watchMs)])
    return { eventId, pubackMs, ack, firstIndicateMs }
  } finally {
    await link.close(2000)
  }
}

const after = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

/** A promise that fails with the message when nobody settles it in time. */
function deadline<T>(ms: number, message: string) {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => reject(new Failure(message)), ms)
  promise.then(
    () => clearTimeout(timer),
    () => clearTimeout(timer),
  )
  return { promise, resolve, reject }
}
