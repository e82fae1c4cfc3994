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
  fault: DiskFault
  gateway: RunningGateway
  endpoint: TestEndpoint
  devices: StoringDevice[]
  pubacks(): number
  restart(): Promise<void>
}

async function stand(): Promise<Stand> {
  const fault = diskFault()
  const dir = temporaryDirectory()
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const registry = writeRegistry(dir)
  const options = { dataDir: `${dir}/data`, registry, env: { ...dispatchTo(endpoint), ...fault.env } }
  const started = {
    fault,
    endpoint,
    gateway: await startGateway(options),
    devices: [] as StoringDevice[],
    pubacks: () => started.devices.reduce((sum, { pubacked }) => sum + pubacked.length, 0),
    /** As after a power loss: whatever was only in the memory of the process is gone. */
    async restart() {
      await started.gateway.kill()
      started.gateway = await startGateway({ ...options, mqttPort: started.gateway.mqttPort })
    },
  }
  onTestFinished(() => started.gateway.kill())
  started.devices = [button(1), button(2), gate].map(address =>
    startStoringDevice(started.gateway.mqttUrl, address, { next, inFlight: 10 }),
  )
  onTestFinished(async () => void (await Promise.all(started.devices.map(device => device.end()))))
  await until(() => started.pubacks() > 100, 'pubacks before the fault')
  return started
}

/** Each event that was pubacked is in the journal once. */
async function allFound({ devices, gateway, pubacks }: Stand): Promise<void> {
  for (const device of devices) device.quiet()
  await until(() => devices.every(device => device.waiting() === 0), 'everything pubacked')
  const stats = await gateway.get<Stats>('stats')
  expect(stats.accepted).toBe(pubacks())
}

const isFault = (code: string) => (told: Told) => told.message.data.fault?.code === code
const ready = (gateway: RunningGateway) => fetch(`${gateway.httpUrl}/readyz`)

test.each<[string, Sickness, string, RegExp]>([
  ['full', { write: 'ENOSPC' }, 'disk-full', /the disk is full; make room/],
  ['read-only', { write: 'EROFS' }, 'disk-failing', /writing fails/],
  ['fails at fsync', { sync: 'EIO' }, 'disk-failing', /writing fails/],
  ['fails at fsync and loses what was written', { sync: 'EIO', loses: true }, 'disk-failing', /writing fails/],
  ['tears what is written', { write: 'EIO', tornBytes: 1000 }, 'disk-failing', /writing fails/],
])('a disk that %s: nothing is acknowledged, it is told, and all goes on by itself', async (_, sick, code, words) => {
  const place = await stand()
  const { fault, endpoint, devices, pubacks } = place
  if (sick.loses) fault.set({ loses: true })
  const resentBefore = devices.map(({ resent }) => resent())
  fault.set(sick)
  const told = await endpoint.next(isFault(code))
  expect(told.message.data.fault?.message).toMatch(words)
  const failing = await ready(place.gateway)
  expect([failing.status, await failing.text()]).toEqual([503, expect.stringMatching(words)])
  const metrics = await (await fetch(`${place.gateway.httpUrl}/metrics`)).text()
  expect(metrics).toMatch(/^gatehouse_journal_failing 1$/m)
  const before = pubacks()
  const failures = () => fault.counts().failedSyncs + fault.counts().failedWrites
  const tries = failures()
  await until(() => failures() > tries, 'another try')
  expect(pubacks()).toBe(before)

  fault.set({})
  await until(() => pubacks() > before, 'pubacks after the fault')
  // They waited on their connections: nobody was cut and sent everything again.
  expect(devices.map(({ resent }) => resent())).toEqual(resentBefore)
  await endpoint.next(isFault('disk-recovered'))
  await until(async () => (await ready(place.gateway)).ok, 'ready')
  if (sick.loses) await place.restart()
  await allFound(place)
  expect(await place.gateway.stop()).toBe(0)
})

test('a slow disk, 50 ms each fsync: all goes on, more events to each commit', async () => {
  const place = await stand()
  const { fault, devices, pubacks } = place
  fault.set({ syncDelayMs: 50 })
  const before = pubacks()
  await until(() => pubacks() > before + 300, 'pubacks from a slow disk')
  expect((await ready(place.gateway)).status).toBe(200)
  const commits = fault.counts().syncs
  expect(commits).toBeLessThan(300)
  fault.set({})
  await allFound(place)
  expect(devices.every(({ resent }) => resent() === 0)).toBe(true)
})

test('a press that the disk can not store is told from memory, and as an alarm once it is stored', async () => {
  const place = await stand()
  const { fault, endpoint } = place
  const device = await connectDevice(place.gateway.mqttUrl, button(3))
  onTestFinished(() => device.end())
  fault.set({ write: 'EROFS' })
  let pubacked = false
  const pressed = device.publish('alarm', panic('press-1')).then(() => {
    pubacked = true
  })
  const told = await endpoint.next(isFault('alarm-unstored'))
  expect(told.message).toMatchObject({
    subject: 'button-3',
    data: {
      fault: { message: expect.stringMatching(/^panic raised \(actual\) at 第一小学, 按钮 button-3: act on it/) },
    },
  })
  expect(pubacked).toBe(false)
  fault.set({})
  await pressed
  const raised = await endpoint.next(({ message }) => message.type === 'alarm.raised')
  expect(raised.message.data.alarm?.device.id).toBe('button-3')
  expect(endpoint.told.filter(isFault('alarm-unstored'))).toHaveLength(1)
})

test('a gateway that is stopped while the disk takes nothing ends in time, and acknowledges nothing', async () => {
  const place = await stand()
  const { fault, pubacks } = place
  fault.set({ write: 'EIO' })
  await until(() => fault.counts().failedWrites > 1, 'a failed write')
  const before = pubacks()
  expect(await place.gateway.stop()).toBe(0)
  expect(pubacks()).toBe(before)
  fault.set({})
  await place.restart()
  await allFound(place)
})
