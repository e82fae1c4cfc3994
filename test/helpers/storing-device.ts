import { setTimeout as after } from 'node:timers/promises'
import type { MqttClient } from 'mqtt'
import type { EventKind } from '../../schemas/events/kinds.ts'
import { type DeviceAddress, topics } from '../../schemas/topics.ts'
import { connectDevice } from './device.ts'

/**
 * A device with a store of its own: keeps each event until its PUBACK, publishes without waiting, and after each reconnect
 * sends again what was not acknowledged.
 */
export type StoringDevice = {
  address: DeviceAddress
  /** Ids in the order of their PUBACKs. A PUBACK is counted once. */
  pubacked: string[]
  /** Ids that were published and not acknowledged so far. */
  waiting(): number
  /** How often it sent an event again. */
  resent(): number
  /** Makes no new events. */
  quiet(): void
  /** Ends the connection. */
  end(): Promise<void>
}

export type NextEvent = (n: number) => { kind: EventKind; id: string; payload: object }

const reconnectAfterMs = 20

export function startStoringDevice(
  url: string,
  address: DeviceAddress,
  options: { next: NextEvent; inFlight: number },
): StoringDevice {
  const { next, inFlight } = options
  const kept = new Map<string, { kind: EventKind; payload: string }>()
  const pubacked: string[] = []
  let made = 0
  let resent = 0
  let quiet = false
  let ended = false
  let client: MqttClient | undefined

  function send(over: MqttClient, id: string): void {
    const { kind, payload } = kept.get(id)!
    over.publish(topics.event(address, kind), payload, { qos: 1 }, error => {
      // Without an error it is the PUBACK.
      if (error || !kept.delete(id)) return
      pubacked.push(id)
      fill(over)
    })
  }

  function fill(over: MqttClient): void {
    while (!quiet && over === client && over.connected && kept.size < inFlight) {
      const { id, kind, payload } = next(made++)
      kept.set(id, { kind, payload: JSON.stringify(payload) })
      send(over, id)
    }
  }

  async function live(): Promise<void> {
    while (!ended) {
      const device = await connectDevice(url, address, { connectTimeout: 5000 }).catch(() => undefined)
      if (device === undefined || ended) {
        await after(reconnectAfterMs)
        continue
      }
      client = device.client
      const closed = new Promise<void>(resolve => device.client.once('close', () => resolve()))
      for (const id of [...kept.keys()]) {
        resent++
        send(client, id)
      }
      fill(client)
      await closed
      client = undefined
      device.client.end(true)
    }
  }
  const living = live()

  return {
    address,
    pubacked,
    waiting: () => kept.size,
    resent: () => resent,
    quiet() {
      quiet = true
    },
    async end() {
      ended = true
      client?.end(true)
      await living
    },
  }
}
