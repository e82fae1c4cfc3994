import mqtt, { type MqttClient } from 'mqtt'
import { Ack } from '../schemas/ack.ts'
import type { Indicate } from '../schemas/command.ts'
import type { Payload } from '../schemas/events/kinds.ts'
import { type DeviceAddress, topics } from '../schemas/topics.ts'
import type { Ledger } from './book/ledger.ts'
import { type Clock, monotonicMs } from './clock.ts'
import { brokenMark, type Garble, garbled } from './garble.ts'
import { readIndicate } from './indicate.ts'
import type { Saying } from './payloads.ts'

/** One simulated device: one MQTT connection that keeps to contract 2 and comes back by itself. */
export type DeviceOptions = {
  url: string
  address: DeviceAddress
  secret: string
  clock: Clock
  /** Begins every event id. Never used by an earlier run: an id is unique per device for ever. */
  idPrefix: string
  /** 0: a lost connection stays lost. */
  reconnectMs: number
  /** Publish `status` and leave a will. Without it the device's presence is left alone. */
  announces: boolean
  /** Where each publish and puback is written down. */
  ledger?: Ledger | undefined
}

export type DeviceListener = {
  connected?: () => void
  /** The connection failed or was refused; `refused` holds CONNACK's code. Comes again at every try. */
  failed?: (reason: string, refused: number | undefined) => void
  closed?: () => void
  /** How far the device's alarm is. Given, the device subscribes to its commands each time it connects. */
  indicated?: (indicate: Indicate) => void
  /** What became of a publish. Given, the device subscribes to its acks each time it connects. */
  acked?: ((ack: Ack) => void) | undefined
}

/** `garble`: it comes out broken, and no ledger claims anything of it. */
export type SendOptions = { time?: string | undefined; buffered?: boolean; garble?: Garble | undefined }

export type SimulatedDevice = {
  id: string
  connected: () => boolean
  /** Publishes at QoS 1. `done` gets the milliseconds until the puback, or the error. Returns the event's id. */
  send: (saying: Saying, options: SendOptions, done: (error: Error | undefined, pubackMs: number) => void) => string
  /** Events without a puback yet. */
  inFlight: () => number
  /** QoS 0: a lost heartbeat is what the next one is for. */
  heartbeat: (payload: Payload<'heartbeat'>) => void
  /** For the connection there is: it ends with it. */
  subscribe: (topic: string, onMessage: (payload: Buffer) => void) => Promise<void>
  /** Breaks the connection in the open; it comes back by itself. */
  drop: () => void
  /** Says goodbye and disconnects; after `deadlineMs` it just cuts. Never throws. */
  close: (deadlineMs: number) => Promise<void>
}

const connectTimeoutMs = 10_000
const keepaliveS = 30

export function connectDevice(options: DeviceOptions, listener: DeviceListener): SimulatedDevice {
  const { address, clock } = options
  const statusTopic = topics.status(address)
  // A new number for each connection: the gateway then tells the will of the old one from the new one (contract 2).
  let boot = clock()
  const status = (word: 'online' | 'offline') => JSON.stringify({ status: word, boot })
  const will = () => ({ topic: statusTopic, payload: Buffer.from(status('offline')), qos: 1 as const, retain: false })

  const client: MqttClient = mqtt.connect(options.url, {
    protocolVersion: 4,
    clientId: address.device,
    username: address.device,
    password: options.secret,
    clean: true,
    keepalive: keepaliveS,
    connectTimeout: connectTimeoutMs,
    reconnectPeriod: options.reconnectMs,
    reconnectOnConnackError: options.reconnectMs > 0,
    queueQoSZero: false,
    resubscribe: false, // each connection says itself what it wants
    ...(options.announces ? { will: will() } : {}),
  })
  client.on('reconnect', () => {
    boot = Math.max(clock(), boot + 1)
    if (options.announces) client.options.will = will()
  })
  client.on('connect', () => {
    if (options.announces) client.publish(statusTopic, status('online'), { qos: 1 }, () => {})
    if (listener.indicated !== undefined) client.subscribe(topics.commands(address), { qos: 1 }, () => {})
    if (listener.acked !== undefined) client.subscribe(topics.ack(address), { qos: 1 }, () => {})
    listener.connected?.()
  })
  client.on('message', (topic, payload) => {
    const indicate = topic === topics.indicate(address) ? readIndicate(payload) : undefined
    if (indicate !== undefined) listener.indicated?.(indicate)
    if (listener.acked !== undefined && topic === topics.ack(address))
      listener.acked(Ack.parse(JSON.parse(payload.toString('utf8'))))
  })
  client.on('error', error => {
    const refused = 'code' in error && typeof error.code === 'number' ? error.code : undefined
    listener.failed?.(describe(error), refused)
  })
  client.on('close', () => listener.closed?.())

  let closing = false
  let counter = 0
  let inFlight = 0
  return {
    id: address.device,
    connected: () => client.connected,
    inFlight: () => inFlight,
    send: (saying, { time, buffered, garble }, done) => {
      const id = `${options.idPrefix}-${++counter}${garble === undefined ? '' : brokenMark}`
      const payload = {
        id,
        ...(time === undefined ? {} : { time }),
        ...(buffered ? { buffered } : {}),
        data: saying.data,
      }
      const text = JSON.stringify(payload)
      inFlight += 1
      const startMs = monotonicMs()
      const ledger = garble === undefined ? options.ledger : undefined
      ledger?.published({ ...address, id, time }, saying)
      const said = garble === undefined ? text : garbled(text, garble)
      const publish = () =>
        client.publish(topics.event(address, saying.kind), said, { qos: 1 }, error => {
          // mqtt.js gives up what waits behind its repeats when the connection ends once more. A device does not: it says it again.
          if (error && options.reconnectMs > 0 && !closing) return void setImmediate(publish)
          inFlight -= 1
          if (!error) ledger?.pubacked(address.device, id)
          done(error ?? undefined, monotonicMs() - startMs)
        })
      publish()
      return id
    },
    heartbeat: payload => {
      if (client.connected) client.publish(topics.heartbeat(address), JSON.stringify(payload))
    },
    subscribe: async (topic, onMessage) => {
      client.on('message', (arrivedOn, payload) => {
        if (arrivedOn === topic) onMessage(payload)
      })
      await client.subscribeAsync(topic, { qos: 1 })
    },
    drop: () => void client.stream?.destroy(),
    close: async deadlineMs => {
      closing = true
      const ended = new Promise<void>(resolve => {
        const leave = () => client.end(false, {}, () => resolve())
        if (!client.connected) client.end(true, {}, () => resolve())
        else if (options.announces) client.publish(statusTopic, status('offline'), { qos: 1 }, leave)
        else leave()
      })
      if (!(await within(ended, deadlineMs))) client.end(true)
    },
  }
}

/** True when `work` was done before the deadline. */
async function within(work: Promise<unknown>, deadlineMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(resolve, deadlineMs, false)
  try {
    return await Promise.race([work.then(() => true), promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Node joins the failures of several addresses in an AggregateError without a message. */
function describe(error: Error): string {
  const [first] = error instanceof AggregateError ? error.errors : []
  return error.message || (first instanceof Error ? first.message : String((error as NodeJS.ErrnoException).code))
}
