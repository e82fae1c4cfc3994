import { connect } from 'node:net'
import mqttPacket from 'mqtt-packet'
import { topics } from '../../schemas/topics.ts'
import { secretOf } from '../helpers/registry.ts'
import { benchDevice } from './stand.ts'

/**
 * Devices that are there: each connects, sends a heartbeat now and then, and comes back by itself within two seconds when its
 * connection ends. Bare sockets, over several source addresses, in a process of its own. Prints one line of JSON four times a
 * second {connected, pubacked, sinceMs}, `sinceMs`: when the last one was connected; ends with its standard input.
 */
const [port, from, count, firstAddress, heartbeatMs] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
]
const perAddress = 500
const backoffMs = 2000
/** Connections that a process begins at a time, so that its own queue isn't what is measured. */
const atOnce = 200

let connected = 0
let pubacked = 0
let sinceMs = 0
let beginning = 0
const waiting: number[] = []

function next(): void {
  while (beginning < atOnce) {
    const index = waiting.shift()
    if (index === undefined) return
    beginning++
    open(index)
  }
}

function open(index: number): void {
  const address = benchDevice(from + index)
  const localAddress = `127.0.0.${firstAddress + Math.floor(index / perAddress)}`
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
  let isConnected = false
  let timer: NodeJS.Timeout | undefined
  const begun = () => {
    if (isConnected) return
    beginning--
    next()
  }
  socket.on('error', () => {})
  socket.on('connect', () => socket.write(connectBytes(address.device)))
  socket.on('data', (chunk: Buffer) => {
    if (isConnected) {
      for (let at = 0; at + 1 < chunk.length; at += 2 + (chunk[at + 1] as number)) if (chunk[at] === 0x40) pubacked++
      return
    }
    if (chunk[0] !== 0x20 || chunk[3] !== 0) return
    begun()
    isConnected = true
    connected++
    sinceMs = Date.now()
    const heartbeat = heartbeatBytes(address)
    // Spread, as devices that were switched on at different times.
    timer = setTimeout(() => beat(), Math.random() * heartbeatMs)
    const beat = () => {
      socket.write(heartbeat)
      timer = setTimeout(beat, heartbeatMs)
    }
  })
  socket.on('close', () => {
    clearTimeout(timer)
    if (isConnected) connected--
    else begun()
    setTimeout(() => {
      waiting.push(index)
      next()
    }, Math.random() * backoffMs)
  })
}

const connectBytes = (device: string): Buffer =>
  mqttPacket.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: device,
    keepalive: 60,
    username: device,
    password: Buffer.from(secretOf(device)),
  })
const heartbeatBytes = (address: { site: string; device: string }): Buffer =>
  mqttPacket.generate({
    cmd: 'publish',
    topic: topics.heartbeat(address),
    payload: '{"battery":90}',
    qos: 1,
    messageId: 1,
    retain: false,
    dup: false,
  })

for (let index = 0; index < count; index++) waiting.push(index)
next()
setInterval(() => console.log(JSON.stringify({ connected, pubacked, sinceMs })), 250)
process.stdin.on('end', () => process.exit(0)).resume()
