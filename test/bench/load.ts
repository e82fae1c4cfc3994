import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import mqttPacket from 'mqtt-packet'
import { topics } from '../../schemas/topics.ts'
import { secretOf } from '../helpers/registry.ts'
import { benchDevice } from './stand.ts'

/**
 * A load of QoS 1 publishes over bare sockets, in a process of its own: a client library would be what is measured.
 * Either as fast as pubacks allow (`window` in flight per connection) or at `rate` events/s over all of them.
 * Prints one line of JSON four times a second {published, pubacked, sinceMs}, `sinceMs`: when the first one left; ends with its
 * standard input. With a `total` it sends no more than that many.
 */
const [port, connections, window, rate, total = Number.POSITIVE_INFINITY] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number?,
]

type Sender = { socket: Socket; sent: number; acked: number; packetId: number; topic: Buffer }
const run = process.pid.toString(36) + performance.timeOrigin.toString(36)

async function open(index: number): Promise<Sender> {
  const address = benchDevice(index)
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  socket.write(
    mqttPacket.generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId: address.device,
      keepalive: 0,
      username: address.device,
      password: Buffer.from(secretOf(address.device)),
    }),
  )
  const [connack] = (await once(socket, 'data')) as [Buffer]
  if (connack[3] !== 0) throw new Error(`CONNACK ${connack[3]}`)
  const topic = Buffer.from(topics.event(address, 'access'))
  return { socket, sent: 0, acked: 0, packetId: 0, topic }
}

/** About 250 bytes, as an access controller would send. */
function publish(sender: Sender): Buffer {
  sender.packetId = (sender.packetId % 65_535) + 1
  const payload = Buffer.from(
    `{"id":"${run}-${sender.sent++}","time":"${new Date().toISOString()}","seq":${sender.sent},"data":{"door":"东门","direction":"in","method":"card","result":"granted","person":{"ref":"r-${sender.sent % 500}","role":"resident"}}}`,
  )
  const length = 2 + sender.topic.length + 2 + payload.length
  const head = Buffer.from([0x32, (length & 0x7f) | 0x80, length >> 7, 0, sender.topic.length])
  return Buffer.concat([head, sender.topic, Buffer.from([sender.packetId >> 8, sender.packetId & 255]), payload])
}

const senders = await Promise.all(Array.from({ length: connections }, (_, index) => open(index)))
let left = total
const send = (sender: Sender, wanted: number) => {
  const count = Math.min(wanted, left)
  left -= count
  if (count > 0) sender.socket.write(Buffer.concat(Array.from({ length: count }, () => publish(sender))))
}
const sinceMs = Date.now()
for (const sender of senders) {
  let bytes = 0
  sender.socket.on('data', (chunk: Buffer) => {
    // PUBACKs are the only packets that come, 4 bytes each.
    bytes += chunk.length
    const acks = Math.floor(bytes / 4)
    bytes -= acks * 4
    sender.acked += acks
    if (rate === 0) send(sender, acks)
  })
  if (rate === 0) send(sender, window)
}
if (rate > 0) {
  const tickMs = 5
  let due = 0
  let turn = 0
  let before = performance.now()
  setInterval(() => {
    const now = performance.now()
    due += ((now - before) / 1000) * rate
    before = now
    for (; due >= 1; due--) {
      const sender = senders[turn++ % senders.length]!
      if (sender.sent - sender.acked < window) send(sender, 1)
    }
  }, tickMs)
}
const sum = (of: 'sent' | 'acked') => senders.reduce((total, sender) => total + sender[of], 0)
setInterval(() => console.log(JSON.stringify({ published: sum('sent'), pubacked: sum('acked'), sinceMs })), 250)
process.stdin.on('end', () => process.exit(0)).resume()
