import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import mqttPacket, { type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { topics } from '../../schemas/topics.ts'
import { connectDevice } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { connectPacket, publishPacket } from '../helpers/raw-device.ts'
import { button, gate, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'
import { mutator } from './mutate.ts'
import { inParallel, planFuzz } from './plan.ts'

/**
 * Whatever comes over the wire: each connection ends, each PUBACK stands for an entry of the journal, and a device beside
 * them notices nothing.
 */
const payload = (id: number) => JSON.stringify({ id: `p-${id}`, data: { metrics: { lux: id } } })
type Flow = (prefix: string, id: number) => Packet[]
const packetId = (id: number) => 1 + (id % 65_535)
const flows: Flow[] = [
  (prefix, id) => [publishPacket(`${prefix}/event/telemetry`, payload(id), packetId(id))],
  (prefix, id) => [
    publishPacket(`${prefix}/event/telemetry`, payload(id), packetId(id), 2),
    { cmd: 'pubrel', messageId: packetId(id) },
  ],
  (prefix, id) => [publishPacket(`${prefix}/event/telemetry`, payload(id), 0, 0), { cmd: 'pingreq' }],
  prefix => [
    { cmd: 'subscribe', messageId: 7, subscriptions: [{ topic: `${prefix}/ack`, qos: 1 }] },
    { cmd: 'pingreq' },
  ],
  prefix => [
    { cmd: 'subscribe', messageId: 7, subscriptions: [{ topic: `${prefix}/command/#`, qos: 0 }] },
    { cmd: 'unsubscribe', messageId: 8, unsubscriptions: [`${prefix}/command/#`] },
  ],
  () => [
    { cmd: 'puback', messageId: 3 },
    { cmd: 'pubrec', messageId: 4 },
    { cmd: 'pubcomp', messageId: 5 },
  ],
  () => [{ cmd: 'disconnect' }],
]
const dictionary = [
  Buffer.from([0x00, 0x00]),
  Buffer.from([0xff, 0xff, 0xff, 0x7f]),
  Buffer.from([0xff, 0xff, 0xff, 0xff, 0x01]),
  Buffer.from([0x30, 0x00]),
  Buffer.from([0x3e, 0x02, 0x00, 0x00]),
  Buffer.from([0xe0, 0x00]),
  Buffer.from([0xc0, 0x00]),
  Buffer.from([0xf0, 0x00]),
  Buffer.from([0x10, 0x00]),
  mqttPacket.generate(connectPacket('button-1')),
  '#',
  '+',
  '$SYS/',
  'gh/v1/',
  '/',
  'constructor',
  '__proto__',
]

/** A stream that doesn't even hold a CONNECT any more. */
const unansweredMs = 200
const lanes = 60

test('packets: each connection ends, each PUBACK is an entry, the device beside them is served', async () => {
  const { random, cases } = planFuzz('connections with damaged packets', 1500)
  const dataDir = temporaryDirectory()
  const gateway = await startGateway({ dataDir, registry: writeRegistry(dataDir, { buttons: lanes }) })
  const beside = await connectDevice(gateway.mqttUrl, gate)
  const say = (id: string) =>
    beside.publish('access', { id, data: { door: 'east', direction: 'in', method: 'card', result: 'granted' } })
  const mutate = mutator(random, dictionary)
  const plan = Array.from({ length: cases }, (_, index) => {
    // A device of its own for each lane: a second connection of one would end the first.
    const address = button(1 + (index % lanes))
    const prefix = topics.prefix(address)
    const connecting = mqttPacket.generate(connectPacket(address.device))
    const packets = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      flows[Math.floor(random() * flows.length)]!(prefix, index),
    ).flat()
    const rest = Buffer.concat(packets.map(packet => mqttPacket.generate(packet)))
    // Most get past the login, where most of the code is; many say something sound before the damage.
    const [first = connecting] = flows[0]!(prefix, cases + index).map(packet => mqttPacket.generate(packet))
    const sound = random() < 0.5 ? [connecting, first] : [connecting]
    return random() < 0.1 ? mutate(Buffer.concat([...sound, rest])) : Buffer.concat([...sound, mutate(rest)])
  })

  let pubacks = 0
  await inParallel(cases, lanes, async index => {
    const socket = connect({ port: gateway.mqttPort, host: '127.0.0.1' })
    const parser = mqttPacket.parser()
    parser.on('packet', ({ cmd }) => {
      if (cmd === 'puback') pubacks++
    })
    parser.on('error', error => {
      throw error
    })
    socket.on('data', chunk => parser.parse(chunk))
    socket.on('error', () => {})
    const closed = once(socket, 'close')
    const answered = once(socket, 'data').catch(() => {})
    socket.write(plan[index]!)
    // Damaged, it may wait for bytes that never come; so once it was answered and what came after it went through the journal, this end closes.
    await Promise.race([answered, closed, after(unansweredMs, undefined, { ref: false })])
    if (!socket.closed) await say(`after-${index}`)
    socket.end()
    await closed
  })

  for (let index = 0; index < 20; index++) await say(`beside-${index}`)
  await until(
    async () => (await gateway.get<{ connections: number }>('stats')).connections === 1,
    'all others are gone',
  )
  const stats = await gateway.get<Record<'received' | 'accepted' | 'duplicate' | 'rejected', number>>('stats')
  expect(stats.received).toBe(stats.accepted + stats.duplicate + stats.rejected)
  expect(stats.received).toBeGreaterThanOrEqual(pubacks + 20)
  expect(pubacks).toBeGreaterThan(cases / 20)
  // No fatal line, and no error but those of a disk, which there are none of here.
  expect(gateway.log.filter(({ level }) => (level as number) >= 50)).toEqual([])
  await beside.end()
  expect(await gateway.stop()).toBe(0)
}, 120_000)
