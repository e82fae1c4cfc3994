import { createServer, type Server, type Socket } from 'node:net'
import { Aedes } from 'aedes'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Failure } from '../../device-sim/arguments.ts'
import { systemClock } from '../../device-sim/clock.ts'
import { type FleetOptions, startFleet } from '../../device-sim/fleet.ts'
import { createMeter } from '../../device-sim/meter.ts'
import { press } from '../../device-sim/press.ts'
import { makeRegistry } from '../../device-sim/registry.ts'
import type { Stage } from '../../schemas/alarm.ts'
import { payloadSchemas } from '../../schemas/events/kinds.ts'
import type { RegistryFile } from '../../schemas/registry.ts'
import { kindOfLeaf, parseTopic } from '../../schemas/topics.ts'

/** A real broker over TCP that keeps what it gets; the gateway itself is tried in the scenarios. */
type Got = { client: string; site: string; device: string; kind: string; payload: Record<string, unknown> }

const made = makeRegistry({ seed: '1' })
const sitesKept = ['school-01', 'checkpoint-01']
const registry: RegistryFile = {
  ...made.file,
  sites: made.file.sites.filter(({ id }) => sitesKept.includes(id)),
  devices: made.file.devices.filter(({ site }) => sitesKept.includes(site)),
}

let broker: Aedes
let server: Server
let got: Got[]
let sockets: Set<Socket>
let accepts: (id: string, password: string) => boolean

beforeEach(async () => {
  got = []
  sockets = new Set()
  accepts = (id, password) => made.secrets.devices[id] === password
  broker = await Aedes.createBroker()
  broker.authenticate = (client, username, password, done) =>
    done(null, username === client.id && accepts(client.id, String(password)))
  broker.on('publish', (packet, client) => {
    const place = parseTopic(packet.topic)
    const kind = place && kindOfLeaf(place.leaf)
    if (client === null || place === undefined || kind === undefined) return
    const payload = JSON.parse(String(packet.payload))
    got.push({ client: client.id, ...place, kind, payload })
    if (kind !== 'alarm') return
    const ack = { id: payload.id, result: 'stored', seq: got.length, now: new Date().toISOString() }
    broker.publish(
      {
        cmd: 'publish',
        topic: `gh/v1/${place.site}/${place.device}/ack`,
        payload: JSON.stringify(ack),
        qos: 1,
        dup: false,
        retain: false,
      },
      () => {},
    )
  })
  server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    broker.handle(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await new Promise<void>(resolve => broker.close(() => resolve()))
  await new Promise(resolve => server.close(resolve))
})

const url = () => `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`
const start = (change: Partial<FleetOptions> = {}) => {
  const meter = createMeter(performance.now())
  const problems: string[] = []
  const fleet = startFleet({
    registry,
    secrets: made.secrets,
    url: url(),
    seed: '1',
    pace: { speed: 600 },
    startWeekMs: 27_000_000, // Monday 07:30
    eventTime: 'now',
    clock: systemClock,
    meter,
    stopped: new AbortController().signal,
    onProblem: line => problems.push(line),
    ...change,
  })
  return { fleet, meter, problems }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 10_000; !condition(); ) {
    if (performance.now() > end) throw new Error(`not within 10 s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

test('each device connects as itself, publishes only valid payloads under its own prefix, and says goodbye', async () => {
  const { fleet: starting, meter, problems } = start()
  const fleet = await starting
  expect(fleet.connections()).toEqual({ connected: registry.devices.length, of: registry.devices.length })
  await until(() => meter.totals().pubacked > 300, '300 pubacked events')
  await fleet.stop()

  expect(problems).toEqual([])
  const { published, pubacked } = meter.totals()
  expect(pubacked).toBe(published)
  const events = got.filter(({ kind }) => !['status', 'heartbeat'].includes(kind))
  expect(events).toHaveLength(published)
  expect(new Set(events.map(({ device, payload }) => `${device} ${payload.id}`)).size).toBe(published)
  for (const { client, device, kind, payload } of got) {
    expect(client).toBe(device)
    expect(payloadSchemas[kind as 'face'].safeParse(payload).error).toBeUndefined()
  }
  for (const { payload } of events)
    expect(Math.abs(Date.parse(String(payload.time)) - systemClock())).toBeLessThan(60_000)
  for (const { id } of registry.devices) {
    const said = got.filter(({ device, kind }) => device === id && kind === 'status').map(({ payload }) => payload)
    expect(said.map(({ status }) => status)).toEqual(['online', 'offline'])
  }
})

test('a device whose connection breaks comes back with a higher boot number, and nothing is lost', async () => {
  const { fleet: starting, meter } = start({ pace: { rate: 200 } })
  const fleet = await starting
  await until(() => meter.totals().pubacked > 50, 'a first flow of events')
  for (const socket of sockets) socket.destroy()
  await until(() => fleet.connections().connected === 0, 'all are cut off')
  await until(() => fleet.connections().connected === registry.devices.length, 'all are back')
  await fleet.stop()

  const { published, pubacked, failed } = meter.totals()
  expect({ pubacked, failed }).toEqual({ pubacked: published, failed: 0 })
  for (const { id } of registry.devices) {
    const online = got.filter(
      ({ device, kind, payload }) => device === id && kind === 'status' && payload.status === 'online',
    )
    const boots = online.map(({ payload }) => Number(payload.boot))
    expect(boots.length).toBeGreaterThanOrEqual(2)
    expect(boots).toEqual([...new Set(boots)].toSorted((a, b) => a - b))
  }
}, 20_000)

test('refused devices are named, the others live on; when all are refused the fleet fails with the reason', async () => {
  accepts = (id, password) => id !== 'school-01-door-01' && made.secrets.devices[id] === password
  const { fleet: starting, problems } = start()
  const fleet = await starting
  expect(fleet.connections().connected).toBe(registry.devices.length - 1)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(/^school-01-door-01 was refused: .*CONNACK 5/)
  await fleet.stop()

  accepts = () => false
  await expect(start().fleet).rejects.toThrow(/no device could connect/)
})

test('a press gives the puback and the ack, beside a fleet that is connected as the same device', async () => {
  const { fleet: starting } = start()
  const fleet = await starting
  const device = registry.devices.find(({ id }) => id === 'school-01-button-01')!
  const alarm = { trigger: 'panic', state: 'raised', mode: 'drill' } as const
  const options = { url: url(), device, secret: made.secrets.devices[device.id]!, alarm, clock: systemClock }
  const pressed = await press(options)
  expect(pressed.pubackMs).toBeGreaterThan(0)
  expect(pressed.ack).toMatchObject({ id: pressed.eventId, result: 'stored' })

  await until(() => fleet.connections().connected === registry.devices.length, 'the button is back in the fleet')
  const said = await fleet.say(device.id, { kind: 'alarm', data: alarm })
  const ids = got.filter(({ kind }) => kind === 'alarm').map(({ payload }) => payload.id)
  expect(ids).toEqual([pressed.eventId, said.eventId])
  await fleet.stop()

  await expect(press({ ...options, secret: 'wrong' })).rejects.toThrow(/refused school-01-button-01 \(CONNACK 5\)/)
  await expect(press({ ...options, url: 'mqtt://127.0.0.1:1' })).rejects.toThrow(Failure)
}, 20_000)

/** As the gateway does: to the device's own topic, QoS 1. */
const indicate = (site: string, device: string, stage: Stage) =>
  broker.publish(
    {
      cmd: 'publish',
      topic: `gh/v1/${site}/${device}/command/indicate`,
      payload: JSON.stringify({ alarmId: 'a-1', stage, at: '2026-11-24T00:00:00.000Z' }),
      qos: 1,
      dup: false,
      retain: false,
    },
    () => {},
  )

test('a press watches what the button is told, and knows what was of an earlier press', async () => {
  const device = registry.devices.find(({ id }) => id === 'school-01-button-01')!
  broker.on('subscribe', subscriptions => {
    if (subscriptions.some(({ topic }) => topic.endsWith('/command/#'))) indicate('school-01', device.id, 'delivered')
  })
  broker.on('publish', packet => {
    if (!packet.topic.endsWith('event/alarm')) return
    for (const stage of ['raised', 'acknowledged', 'closed'] as const) indicate('school-01', device.id, stage)
  })
  const seen: string[] = []
  const pressed = await press({
    url: url(),
    device,
    secret: made.secrets.devices[device.id]!,
    alarm: { trigger: 'panic', state: 'raised', mode: 'test' },
    clock: systemClock,
    watchMs: 20_000,
    onProgress: progress => {
      if (progress.what === 'indicated')
        seen.push(`${progress.indicate.stage}${progress.afterMs === undefined ? ' before' : ''}`)
    },
  })
  expect(seen).toEqual(['delivered before', 'raised', 'acknowledged', 'closed'])
  expect(pressed.firstIndicateMs).toBeGreaterThan(0)
})

test('a fleet counts what its devices are told, also after a reconnect', async () => {
  const told: string[] = []
  const { fleet: starting, meter } = start({
    reconnectMs: 50,
    onIndicate: (device, { stage }) => told.push(`${device} ${stage}`),
  })
  const wanting: string[] = []
  broker.on('subscribe', (subscriptions, client) => {
    for (const { topic } of subscriptions) wanting.push(`${client.id} ${topic}`)
  })
  const fleet = await starting
  const devices = registry.devices.length
  await until(() => wanting.length === devices, 'each device wants its commands')
  expect(wanting).toContain('school-01-button-01 gh/v1/school-01/school-01-button-01/command/#')
  indicate('school-01', 'school-01-button-01', 'delivered')
  await until(() => told.length === 1, 'the first indication')
  for (const socket of sockets) socket.destroy()
  await until(() => wanting.length === 2 * devices, 'each device wants its commands again')
  indicate('school-01', 'school-01-button-01', 'acknowledged')
  await until(() => told.length === 2, 'the second indication')
  expect(told).toEqual(['school-01-button-01 delivered', 'school-01-button-01 acknowledged'])
  expect(meter.summary(performance.now())).toMatch(/indicated +2\n/)
  await fleet.stop()
}, 20_000)
