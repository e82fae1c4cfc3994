import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setPriority } from 'node:os'
import mqttPacket from 'mqtt-packet'
import { topics } from '../../schemas/topics.ts'
import { secretOf } from '../helpers/registry.ts'
import { benchDevice } from './stand.ts'

/**
 * Devices gone wild: each connection sends as fast as its socket takes it, and never waits for a PUBACK. Niced, since it runs on the gateway's
 * own cores. Prints a line once all are connected, then {published, pubacked} twice a second; ends with its standard input.
 */
export type What = 'valid' | 'invalid' | 'alarms' | 'qos0'
const [portArgument, connectionsArgument, what] = process.argv.slice(2) as [string, string, What]
const port = Number(portArgument)
const connections = Number(connectionsArgument)
setPriority(19)

const run = process.pid.toString(36) + performance.timeOrigin.toString(36)
/** Packets of one write. */
const perWrite = 100
let published = 0
let pubacked = 0

type Flooder = { socket: Socket; topic: Buffer; sent: number }

const bodies: Record<What, (id: string) => string> = {
  valid: id =>
    `{"id":"${id}","data":{"door":"东门","direction":"in","method":"card","result":"granted","person":{"ref":"r-1","role":"resident"}}}`,
  qos0: id =>
    `{"id":"${id}","data":{"door":"东门","direction":"in","method":"card","result":"granted","person":{"ref":"r-1","role":"resident"}}}`,
  invalid: id => `{"id":"${id}","data":{"door":7,"direction":"up","method":"charm","result":"granted"}}`,
  alarms: id => `{"id":"${id}","data":{"trigger":"tamper","state":"raised","mode":"test"}}`,
}

async function open(index: number): Promise<Flooder> {
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
  socket.on('close', () => {
    throw new Error('the gateway has cut a flooder')
  })
  return { socket, sent: 0, topic: Buffer.from(topics.event(address, what === 'alarms' ? 'alarm' : 'access')) }
}

function packets(flooder: Flooder, index: number): Buffer {
  const parts: Buffer[] = []
  for (let count = 0; count < perWrite; count++) {
    const payload = Buffer.from(bodies[what](`${run}-${index}-${flooder.sent++}`))
    const idBytes = what === 'qos0' ? 0 : 2
    const length = 2 + flooder.topic.length + idBytes + payload.length
    const packetId = (flooder.sent % 65_535) + 1
    parts.push(
      Buffer.from([what === 'qos0' ? 0x30 : 0x32, (length & 0x7f) | 0x80, length >> 7, 0, flooder.topic.length]),
      flooder.topic,
    )
    if (idBytes > 0) parts.push(Buffer.from([packetId >> 8, packetId & 255]))
    parts.push(payload)
  }
  published += perWrite
  return Buffer.concat(parts)
}

const flooders: Flooder[] = []
for (let index = 0; index < connections; index++) flooders.push(await open(index))
console.log('connected')
for (const [index, flooder] of flooders.entries()) {
  flooder.socket.on('data', chunk => {
    pubacked += chunk.length / 4
  })
  const pour = () => {
    // A turn of the loop between two writes, so that a thousand take turns.
    if (flooder.socket.write(packets(flooder, index))) setImmediate(pour)
    else flooder.socket.once('drain', pour)
  }
  pour()
}
setInterval(() => console.log(JSON.stringify({ published, pubacked: Math.floor(pubacked) })), 500)
process.stdin.on('end', () => process.exit(0)).resume()
