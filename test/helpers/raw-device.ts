import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import mqttPacket, { type Packet } from 'mqtt-packet'
import { secretOf } from './registry.ts'

/** A bare socket that speaks packets: for what a polite client library would not send, and for the order of answers. */
export type RawDevice = {
  socket: Socket
  /** All packets that came, in order. */
  packets: Packet[]
  send(...packets: Packet[]): void
  /** The next packet that `matches`, also one that came before. Rejects when the connection ends without it. */
  packet(matches: (packet: Packet) => boolean): Promise<Packet>
  closed: Promise<void>
}

export async function connectRaw(
  port: number,
  device: string,
  options: { connack?: boolean; connect?: Packet | null } = {},
): Promise<RawDevice> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const parser = mqttPacket.parser()
  const packets: Packet[] = []
  const waiting = new Set<() => void>()
  parser.on('packet', (packet: Packet) => {
    packets.push(packet)
    for (const look of waiting) look()
  })
  socket.on('data', chunk => parser.parse(chunk))
  socket.on('error', () => {})
  let ended = false
  const closed = once(socket, 'close').then(() => {
    ended = true
    for (const look of waiting) look()
  })
  const raw: RawDevice = {
    socket,
    packets,
    closed,
    send: (...list) => void socket.write(Buffer.concat(list.map(packet => mqttPacket.generate(packet)))),
    packet: matches =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = packets.find(matches)
          if (found === undefined && !ended) return
          waiting.delete(look)
          if (found === undefined) reject(new Error('the connection ended first'))
          else resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
  if (options.connect === null) return raw
  raw.send(options.connect ?? connectPacket(device))
  if (options.connect === undefined && options.connack !== false)
    await raw.packet(packet => packet.cmd === 'connack' && packet.returnCode === 0)
  return raw
}

export const connectPacket = (device: string, more: object = {}): Packet => ({
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
  clientId: device,
  keepalive: 60,
  username: device,
  password: Buffer.from(secretOf(device)),
  ...more,
})

export const publishPacket = (
  topic: string,
  payload: string | Buffer,
  messageId: number,
  qos: 0 | 1 | 2 = 1,
): Packet => ({
  cmd: 'publish',
  topic,
  payload,
  qos,
  messageId,
  retain: false,
  dup: false,
})
