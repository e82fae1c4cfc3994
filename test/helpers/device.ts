import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import type { Ack } from '../../schemas/ack.ts'
import type { EventKind } from '../../schemas/events/kinds.ts'
import { type DeviceAddress, topics } from '../../schemas/topics.ts'
import { secretOf } from './registry.ts'

/** A device with the `mqtt` package, as a device maker would write it. */
export type Device = {
  client: MqttClient
  address: DeviceAddress
  /** Resolves at the PUBACK. */
  publish(kind: EventKind, payload: object): Promise<void>
  publishRaw(topic: string, payload: string | Buffer, qos?: 0 | 1 | 2): Promise<void>
  /** Acks so far; present when it was connected with `acks`. */
  acks: Ack[]
  end(): Promise<void>
}

export async function connectDevice(
  url: string,
  address: DeviceAddress,
  options: { acks?: boolean } & Partial<IClientOptions> = {},
): Promise<Device> {
  const { acks: wantsAcks = false, ...rest } = options
  const settings = {
    clientId: address.device,
    username: address.device,
    password: secretOf(address.device),
    protocolVersion: 4,
    reconnectPeriod: 0,
    ...rest,
  } as const
  // Without the last argument it would wait for ever when the connection ends before the CONNACK.
  const client = await connectAsync(url, settings, settings.reconnectPeriod > 0)
  client.on('error', () => {})
  const acks: Ack[] = []
  client.on('message', (_topic, payload) => acks.push(JSON.parse(payload.toString()) as Ack))
  if (wantsAcks) await client.subscribeAsync(topics.ack(address), { qos: 1 })
  return {
    client,
    address,
    acks,
    publish: async (kind, payload) =>
      void (await client.publishAsync(topics.event(address, kind), JSON.stringify(payload), { qos: 1 })),
    publishRaw: async (topic, payload, qos = 1) => void (await client.publishAsync(topic, payload, { qos })),
    end: () => client.endAsync(true),
  }
}

export const panic = (id: string, more: object = {}) => ({
  id,
  data: { trigger: 'panic', state: 'raised', mode: 'actual', ...more },
})
export const passage = (id: string) => ({
  id,
  data: { door: '东门', direction: 'in', method: 'card', result: 'granted', person: { ref: 'r-1', role: 'resident' } },
})
