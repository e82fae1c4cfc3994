import { existsSync, rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import type { Stats } from '../../schemas/api.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { type DiskFault, diskFault, type Sickness } from '../helpers/disk-fault.ts'
import { dispatchTo, startEndpoint, type TestEndpoint, type Told } from '../helpers/endpoint.ts'
import { type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { button, gate, writeRegistry } from '../helpers/registry.ts'
import { type NextEvent, type StoringDevice, startStoringDevice } from '../helpers/storing-device.ts'
import { until } from '../helpers/until.ts'

/**
 * A disk that falls sick under a running gateway. Of each sickness: nothing is acknowledged that isn't on disk, the gateway says
 * what is wrong although it can't store that, and goes on by itself when the disk does, on the same connections.
 */
const next: NextEvent = n => ({ kind: 'access', id: `e-${n}`, payload: passage(`e-${n}`) })

type Stand = {
  dataDir: string
  fault: DiskFault
  gateway: RunningGateway
  endpoint: TestEndpoint
  /** After SIGKILL, as after a power loss: what was only in memory is gone. */
  restart(): Promise<void>
}

async function stand(): Promise<Stand> {
  const fault = diskFault()
  const dir = temporaryDirectory()
  const dataDir = `${dir}/data`
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const options = { dataDir, registry: writeRegistry(dir), env: { ...dispatchTo(endpoint), ...fault.env } }
  const place: Stand = {
    dataDir,
    fault,
    endpoint,
    gateway: await startGateway(options),
    async restart() {
      await place.gateway.kill()
      place.gateway = await startGateway({ ...options, mqttPort: place.gateway.mqttPort })
    },
  }
  onTestFinished(() => place.gateway.kill())
  return place
}

function fleet({ gateway }: Stand): { devices: StoringDevice[]; pubacks(): number; resent(): number } {
  const devices = [button(1), button(2), gate].map(address =>
    startStoringDevice(gateway.mqttUrl, address, { next, inFlight: 10 }),
  )
  onTestFinished(async () => void (await Promise.all(devices.map(device => device.end()))))
  return {
    devices,
    pubacks: () => devices.reduce((sum, { pubacked }) => sum + pubacked.length, 0),
    resent: () => devices.reduce((sum, { resent }) => sum + resent(), 0),
  }
}

const isFault = (code: string) => (told: Told) => told.message.data.fault?.code === code
async function ready({ gateway }: Stand): Promise<[number, string]> {
  const response = await fetch(`${gateway.httpUrl}/readyz`)
  return [response.status, await response.text()]
}
const isReady = (place: Stand) => until(async () => (await ready(place))[0] === 200, 'ready')

const sicknesses: [Sickness, RegExp][] = [
  [{ write: 'ENOSPC' }, /the disk is full; make room/],
  [{ write: 'EROFS' }, /writing fails/],
  [{ write: 'EIO', tornBytes: 1000 }, /writing fails/],
  [{ sync: 'EIO', loses: true }, /writing fails/],
]

test('full, read-only, torn writes, a failed fsync that loses what was written: nothing false, it is told, and all goes on by itself', async () => {
  const place = await stand()
  const { fault, endpoint } = place
  const { devices, pubacks, resent } = fleet(place)
  for (const [sick, words] of sicknesses) {
    if (sick.loses) fault.set({ loses: true })
    const before = pubacks()
    await until(() => pubacks() > before + 20, 'pubacks before the fault')
    fault.set(sick)
    await until(async () => words.test((await ready(place))[1]), `/readyz says ${words}`)
    const [failing, metrics] = [pubacks(), await (await fetch(`${place.gateway.httpUrl}/metrics`)).text()]
    expect(metrics).toMatch(/^gatehouse_journal_failing 1$/m)
    const failures = () => fault.counts().failedSyncs + fault.counts().failedWrites
    const tries = failures()
    await until(() => failures() > tries, 'another try')
    if (sick.write === 'ENOSPC') await endpoint.next(isFault('disk-full'))
    if (sick.write === 'EROFS') await endpoint.next(isFault('disk-failing'))
    expect(pubacks()).toBe(failing)
    fault.set({ loses: sick.loses ?? false })
    await until(() => pubacks() > failing + 20, 'pubacks after the fault')
    await isReady(place)
  }
  await endpoint.next(isFault('disk-recovered'))
  // They waited on their connections: nobody was cut and sent everything again.
  expect(resent()).toBe(0)

  // 50 ms each fsync: more events to each commit.
  const syncs = fault.counts().syncs
  fault.set({ syncDelayMs: 50 })
  const before = pubacks()
  await until(() => pubacks() > before + 150, 'pubacks from a slow disk')
  expect(fault.counts().syncs - syncs).toBeLessThan(150)
  expect((await ready(place))[0]).toBe(200)
  fault.set({})

  await place.restart()
  for (const device of devices) device.quiet()
  await until(() => devices.every(device => device.waiting() === 0), 'everything pubacked')
  // Each once: those that were pubacked, and no other.
  expect((await place.gateway.get<Stats>('stats')).accepted).toBe(pubacks())
  await Promise.all(devices.map(device => device.end()))
  expect(await place.gateway.stop()).toBe(0)
}, 120_000)

test('a nearly full disk takes alarms and heartbeats only, a full one alarms; when there is room again, everything', async () => {
  const place = await stand()
  const { fault, endpoint, gateway } = place
  const device = await connectDevice(gateway.mqttUrl, button(1))
  onTestFinished(() => device.end())
  const reserve = `${place.dataDir}/reserve`
  await until(() => existsSync(reserve), 'the reserve')
  const order: string[] = []
  const sent = (what: string, publish: Promise<void>) => publish.then(() => void order.push(what))
  const raised = (name: string) => endpoint.next(({ message }) => message.data.alarm?.history.at(-1)?.eventId === name)

  fault.set({ freeBytes: 10_000_000 })
  await endpoint.next(isFault('disk-nearly-full'))
  expect(await ready(place)).toEqual([
    503,
    expect.stringMatching(/nearly full: alarms, heartbeats and statuses are still taken/),
  ])
  expect(await (await fetch(`${gateway.httpUrl}/metrics`)).text()).toMatch(/^gatehouse_disk_free_bytes (9|10)\d{6}$/m)
  const beat = device.publishRaw('gh/v1/school-01/button-1/heartbeat', '{}')
  await beat
  const passed = sent('passage', device.publish('access', passage('p-1')))
  const pressed = sent('press', device.publish('alarm', panic('press-1')))
  // Stored and told, although what its device said before still waits.
  await raised('press-1')
  expect(order).toEqual([])

  // To the last byte: the reserve is given, and the next press is stored in it.
  fault.set({ freeBytes: 1_000_000, write: 'ENOSPC', whileReserve: true })
  const again = sent('press again', device.publish('alarm', panic('press-2')))
  await raised('press-2')
  expect(existsSync(reserve)).toBe(false)
  expect(fault.counts().failedWrites).toBeGreaterThan(0)
  expect(order).toEqual([])

  fault.set({})
  await Promise.all([passed, pressed, again])
  expect(order).toEqual(['passage', 'press', 'press again'])
  await isReady(place)
  await until(() => existsSync(reserve), 'the reserve, taken again')

  // Takes nothing at all, and doesn't even say how full it is: the press is told from memory, and as an alarm once it is stored.
  fault.set({ write: 'EROFS', hangingStatfs: true })
  let pubacked = false
  const button2 = await connectDevice(gateway.mqttUrl, button(2))
  onTestFinished(() => button2.end())
  const third = button2.publish('alarm', panic('press-3')).then(() => {
    pubacked = true
  })
  const told = await endpoint.next(isFault('alarm-unstored'))
  expect(told.message.subject).toBe('button-2')
  expect(told.message.data.fault?.message).toMatch(/^panic raised \(actual\) at 第一小学, 按钮 button-2: act on it/)
  expect(pubacked).toBe(false)
  fault.set({})
  await third
  await raised('press-3')
  expect(endpoint.told.filter(isFault('alarm-unstored'))).toHaveLength(1)
}, 120_000)

test('started on a full disk it takes alarms into its reserve; without one it starts too, and goes on when there is room', async () => {
  const place = await stand()
  const { fault, endpoint } = place
  const reserve = `${place.dataDir}/reserve`
  await until(() => existsSync(reserve), 'the reserve')
  fault.set({ freeBytes: 1_000_000, write: 'ENOSPC', whileReserve: true })
  await place.restart()
  expect(existsSync(reserve)).toBe(false)
  const device = await connectDevice(place.gateway.mqttUrl, button(1))
  await device.publish('alarm', panic('press-1'))
  await endpoint.next(({ message }) => message.data.alarm?.device.id === 'button-1')
  await device.end()

  fault.set({ freeBytes: 0, write: 'ENOSPC' })
  await place.restart()
  expect(place.gateway.log).toContainEqual(expect.objectContaining({ msg: 'start.put-off', what: 'audit' }))
  await until(async () => (await ready(place))[1].includes('the disk is full'), 'it says so')
  fault.set({})
  await isReady(place)
  await until(() => place.gateway.log.some(({ msg }) => msg === 'start.caught-up'), 'what was put off')
  const { items } = await place.gateway.get<{ items: unknown[] }>('audit?what=gateway.started')
  expect(items).toHaveLength(3)
}, 120_000)

test('stopped while the disk takes nothing it ends in time, and acknowledges nothing', async () => {
  const place = await stand()
  const { fault } = place
  const { devices, pubacks } = fleet(place)
  await until(() => pubacks() > 100, 'pubacks before the fault')
  fault.set({ write: 'EIO' })
  await until(() => fault.counts().failedWrites > 1, 'failed writes')
  const before = pubacks()
  expect(await place.gateway.stop()).toBe(0)
  expect(pubacks()).toBe(before)
  fault.set({})
  await place.restart()
  for (const device of devices) device.quiet()
  await until(() => devices.every(device => device.waiting() === 0), 'everything pubacked')
  expect((await place.gateway.get<Stats>('stats')).accepted).toBe(pubacks())

  // Its directory is deleted under it: what is written from there on is written to nowhere.
  const device = await connectDevice(place.gateway.mqttUrl, button(3))
  onTestFinished(() => device.end())
  await device.publish('access', passage('before'))
  const ended = place.gateway.ended
  rmSync(place.dataDir, { recursive: true })
  let pubacked = false
  device.publish('access', passage('after')).then(
    () => {
      pubacked = true
    },
    () => {},
  )
  await place.endpoint.next(isFault('journal-gone'))
  expect(await ended).toBe(1)
  expect(pubacked).toBe(false)
}, 120_000)
