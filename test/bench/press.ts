import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { triggers } from '../../schemas/events/alarm.ts'
import { topics } from '../../schemas/topics.ts'
import { secretOf } from '../helpers/registry.ts'
import { benchButton, buttons } from './stand.ts'

/**
 * Presses and the endpoint that is told, in one process so that one clock times both. Prints the endpoint's port, reads the
 * gateway's MQTT port from its standard input, presses `count` times (each a new alarm), prints the latencies in ms.
 */
const [first, count, perSecond] = process.argv.slice(2).map(Number) as [number, number, number]

const pressedAt = new Map<string, number>()
const latencies: number[] = []
let finished: (() => void) | undefined
const server = createServer((request, response) => {
  const arrived = performance.now()
  const chunks: Buffer[] = []
  request.on('data', chunk => chunks.push(chunk))
  request.on('end', () => {
    response.writeHead(200).end()
    const { data } = JSON.parse(Buffer.concat(chunks).toString()) as {
      data: { alarm?: { history: { eventId?: string }[] } }
    }
    const id = data.alarm?.history[0]?.eventId ?? ''
    const pressed = pressedAt.get(id)
    if (pressed === undefined) return
    pressedAt.delete(id)
    latencies.push(arrived - pressed)
    if (latencies.length === count) finished?.()
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))

const [port] = await new Promise<string[]>(resolve => process.stdin.once('data', chunk => resolve([chunk.toString()])))
const clients = await Promise.all(
  Array.from({ length: buttons }, (_, index) => {
    const { device } = benchButton(index)
    return connectAsync(`mqtt://127.0.0.1:${Number(port)}`, {
      clientId: device,
      username: device,
      password: secretOf(device),
    })
  }),
)
for (let press = first; press < first + count; press++) {
  const index = press % buttons
  const trigger = triggers[Math.floor(press / buttons)]
  const id = `press-${press}`
  const due = after(1000 / perSecond)
  pressedAt.set(id, performance.now())
  clients[index]!.publish(
    topics.event(benchButton(index), 'alarm'),
    JSON.stringify({ id, data: { trigger, state: 'raised', mode: 'test' } }),
    { qos: 1 },
  )
  await due
}
const overdue = after(30_000)
if (latencies.length < count)
  await Promise.race([
    new Promise<void>(resolve => {
      finished = resolve
    }),
    overdue,
  ])
console.log(JSON.stringify(latencies))
process.exit(0)
