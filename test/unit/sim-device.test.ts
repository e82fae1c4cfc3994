import { createServer, type Socket } from 'node:net'
import mqttPacket, { type IPublishPacket, type Packet } from 'mqtt-packet'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../device-sim/clock.ts'
import { connectDevice } from '../../device-sim/device.ts'
import { until } from '../helpers/until.ts'

/** A gateway that lets everybody in and keeps each connection's publishes; what it pubacks and when it hangs up is the test's. */
async function startBroker() {
  const connections: { socket: Socket; events: IPublishPacket[] }[] = []
  let pubacks = false
  const server = createServer(socket => {
    const connection = { socket, events: [] as IPublishPacket[] }
    const parser = mqttPacket.parser()
    const answer = (packet: Packet) => socket.write(mqttPacket.generate(packet))
    parser.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') {
        connections.push(connection)
        answer({ cmd: 'connack', returnCode: 0, sessionPresent: false })
      }
      if (packet.cmd !== 'publish') return
      connection.events.push(packet)
      if (pubacks) answer({ cmd: 'puback', messageId: packet.messageId! })
    })
    socket.on('data', chunk => parser.parse(chunk))
    socket.on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const { socket } of connections) socket.destroy()
    server.close()
  })
  return {
    url: `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`,
    connections,
    pubackFromNowOn: () => {
      pubacks = true
    },
  }
}

test('an event that is said while a connection repeats others, and breaks, is said again with its id until it is pubacked', async () => {
  const broker = await startBroker()
  const device = connectDevice(
    {
      ...{ url: broker.url, address: { site: 's', device: 'd' }, secret: 'x', clock: systemClock, idPrefix: 'e' },
      ...{ reconnectMs: 20, announces: false },
    },
    {},
  )
  onTestFinished(() => device.close(1000))
  const done: (Error | undefined)[] = []
  const say = () => device.send({ kind: 'telemetry', data: { metrics: { a: 1 } } }, {}, error => void done.push(error))
  const nth = async (number: number, events: number) => {
    const there = () => broker.connections[number]?.events.length === events && broker.connections[number]
    return await until(() => there(), `${events} events on connection ${number}`)
  }
  await until(() => device.connected(), 'the connection')
  const first = say()
  ;(await nth(0, 1)).socket.destroy()
  const repeating = await nth(1, 1)
  const second = say() // waits in mqtt.js behind the repeat
  repeating.socket.destroy()
  broker.pubackFromNowOn()
  await until(() => done.length === 2, 'two pubacks')
  expect(done).toEqual([undefined, undefined])
  const ids = broker.connections.at(-1)!.events.map(({ payload }) => JSON.parse(String(payload)).id)
  expect(ids.toSorted()).toEqual([first, second].toSorted())
})
