import { setTimeout as after } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Stats } from '../../schemas/api.ts'
import { panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { killWhileStarting, type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { pointsByEvent } from '../helpers/influx-ids.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { seeded } from '../helpers/seeded.ts'
import { type NextEvent, startStoringDevice } from '../helpers/storing-device.ts'
import { until } from '../helpers/until.ts'

/** The contract's promise (section 2) against SIGKILL. More rounds or another run: GATEHOUSE_KILL_ROUNDS, GATEHOUSE_KILL_SEED. */
const rounds = Number(process.env.GATEHOUSE_KILL_ROUNDS ?? 4)
const seed = Number(process.env.GATEHOUSE_KILL_SEED ?? 20_251_124)
const deviceCount = 8
const inFlight = 40
const alarmEvery = 97
/** A round lasts this long at most, from the moment the devices are being acknowledged again. */
const roundMs = 500

/** Where a start is killed: before it is ready, or just after. */
const startMs = 1500

const isAlarm = (n: number) => n % alarmEvery === 5
const next: NextEvent = n =>
  isAlarm(n)
    ? { kind: 'alarm', id: `e-${n}`, payload: panic(`e-${n}`) }
    : { kind: 'access', id: `e-${n}`, payload: passage(`e-${n}`) }

test(
  `${rounds} times SIGKILL under load: each pubacked event is one point, each alarm is told`,
  async () => {
    const random = seeded(seed)
    const dir = temporaryDirectory()
    const influxd = await startInfluxd()
    onTestFinished(() => influxd.remove())
    const database = influxd.newDatabase()
    const endpoint = await startEndpoint()
    onTestFinished(() => endpoint.down())
    let gateway: RunningGateway | undefined
    onTestFinished(() => gateway?.kill())
    const registry = writeRegistry(dir, { buttons: deviceCount })
    const options = () => ({
      dataDir: `${dir}/data`,
      registry,
      env: { ...dispatchTo(endpoint), GATEHOUSE_INFLUX_URL: influxd.url, GATEHOUSE_INFLUX_DATABASE: database },
      ...(gateway === undefined ? {} : { mqttPort: gateway.mqttPort }),
    })
    const start = async () => {
      gateway = await startGateway(options())
      return gateway
    }

    const { mqttUrl } = await start()
    const devices = Array.from({ length: deviceCount }, (_, n) =>
      startStoringDevice(mqttUrl, button(n + 1), { next, inFlight }),
    )
    onTestFinished(async () => void (await Promise.all(devices.map(device => device.end()))))
    const pubacks = () => devices.reduce((sum, { pubacked }) => sum + pubacked.length, 0)

    for (let round = 0; round < rounds; round++) {
      const before = pubacks()
      await until(() => pubacks() > before, 'pubacks after the start')
      await after(random() * roundMs)
      await gateway!.kill()
      // What a start does to the files can be cut off too.
      if (round % 3 === 2) await killWhileStarting(options(), random() * startMs)
      await start()
    }

    for (const device of devices) device.quiet()
    await until(() => devices.every(device => device.waiting() === 0), 'everything pubacked')
    const sent = new Set(devices.flatMap(({ address, pubacked }) => pubacked.map(id => `${address.device} ${id}`)))
    expect(sent.size).toBe(pubacks())
    const stats = await until(
      async () => {
        const found = await gateway!.get<Stats>('stats')
        const pending = Object.values(found.consumers).map(consumer => consumer.pending)
        return [...pending, found.deliveries.pending].every(count => count === 0) && found
      },
      'nothing pending',
      60_000,
    )

    // Exactly once in the journal and in InfluxDB, by count and by id.
    expect(stats).toMatchObject({ accepted: sent.size, rejected: 0 })
    expect(stats.received).toBe(stats.accepted + stats.duplicate)
    expect(stats.consumers).toEqual({
      alarms: { done: sent.size, pending: 0, quarantined: 0 },
      influx: { done: sent.size, pending: 0, quarantined: 0 },
    })
    const points = await pointsByEvent(influxd, database)
    expect([...points].filter(([, count]) => count !== 1)).toEqual([])
    expect([...points.keys()].filter(event => !sent.has(event))).toEqual([])
    expect([...sent].filter(event => !points.has(event))).toEqual([])
    expect(await influxd.countPoints(database)).toBe(sent.size)

    // One message per alarm event, told under one id and with one body at each attempt.
    const messageOf = new Map<string, string>()
    const bodyOf = new Map<string, string>()
    for (const { id, message } of endpoint.told) {
      const alarm = message.data.alarm!
      // On a busy machine a deadline may pass; nobody acknowledges here.
      if (message.type === 'alarm.escalated') continue
      expect(['alarm.raised', 'alarm.pressed']).toContain(message.type)
      const event = `${alarm.device.id} ${alarm.history.at(-1)?.eventId}`
      expect([event, messageOf.get(event) ?? id]).toEqual([event, id])
      messageOf.set(event, id)
      const body = JSON.stringify(message)
      expect(bodyOf.get(id) ?? body).toBe(body)
      bodyOf.set(id, body)
    }
    const alarms = [...sent].filter(event => isAlarm(Number(event.split('e-')[1])))
    expect([...messageOf.keys()].sort()).toEqual(alarms.sort())
    expect(bodyOf.size).toBe(alarms.length)
    expect(endpoint.wrong).toEqual([])
    const raised = new Set(endpoint.told.filter(({ message }) => message.type === 'alarm.raised').map(({ id }) => id))
    expect(raised.size).toBe(deviceCount)
    expect(stats.alarms).toEqual({ open: deviceCount, closed: 0 })
    expect(stats.deliveries).toEqual({ pending: 0, delivered: alarms.length, cancelled: 0 })

    const resent = devices.reduce((sum, device) => sum + device.resent(), 0)
    console.log(
      `kill: seed ${seed}, ${rounds} kills, ${sent.size} events pubacked, ${resent} sent again, ${stats.duplicate} of them duplicates, ` +
        `${points.size} points, ${alarms.length} alarm events in ${alarms.length} messages, ${endpoint.told.length} attempts`,
    )
    expect(rounds < 5 || resent > 0).toBe(true)
    for (const device of devices) await device.end()
    expect(await gateway!.stop()).toBe(0)
  },
  60_000 + rounds * 8000,
)
