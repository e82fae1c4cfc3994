import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { topics } from '../../schemas/topics.ts'
import { startClocked } from '../helpers/clocked-gateway.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, endpointSecret, startEndpoint, type TestEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { connectRaw, publishPacket } from '../helpers/raw-device.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** Somebody sets the clock of the gateway's machine (issue 4, 9): what was planned keeps its interval, and nothing is made up. */
const hourMs = 60 * 60_000

async function startedEndpoint(): Promise<TestEndpoint> {
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  return endpoint
}
const isFault =
  (code: string) =>
  ({ message }: { message: { data: { fault?: { code: string } | undefined } } }) =>
    message.data.fault?.code === code

/** A process whose `Date.now` is off by what stands in a file: of all its threads, as if somebody had set the system's clock. */
function settable(dir: string) {
  const file = join(dir, 'clock-is-off-by')
  const set = (byMs: number) => writeFileSync(file, String(byMs))
  set(0)
  const preload = `import { readFileSync } from 'node:fs'
    const now = Date.now
    Date.now = () => now() + Number(readFileSync(${JSON.stringify(file)}, 'utf8') || 0)`
  return { set, env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}` } }
}

async function setDuringAnAlarm(byMs: number): Promise<void> {
  const [centre, district] = [await startedEndpoint(), await startedEndpoint()]
  centre.behave(response => void response.writeHead(500).end())
  const endpoints = [
    { id: 'centre', url: centre.url, secret: endpointSecret, level: 0 },
    { id: 'district', url: district.url, secret: endpointSecret, level: 1 },
  ]
  const dir = temporaryDirectory()
  const clock = settable(dir)
  const gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir, { endpoints }),
    env: clock.env,
  })
  onTestFinished(() => gateway.kill())
  const device = await connectDevice(gateway.mqttUrl, button(1))
  onTestFinished(() => device.end())
  const pressedMs = performance.now()
  await device.publish('alarm', panic('a-1'))
  await centre.next()
  clock.set(byMs)
  const seconds = byMs / 1000
  await until(() => gateway.log.find(({ code }) => code === 'clock-stepped'), 'the fault that it was set')
  expect(gateway.log.find(({ msg }) => msg === 'clock.stepped')?.byMs).toBeGreaterThan(byMs - 1000)

  // Set ahead, no deadline was missed that wasn't; set back, none waits an hour.
  const { message } = await district.next(({ message }) => message.type === 'alarm.escalated')
  expect(performance.now() - pressedMs).toBeGreaterThan(4000)
  expect(message.data.alarm).toMatchObject({ stage: 'raised', escalationLevel: 1 })
  // What is stamped from then on has the new time, and is signed at the receiver's, which would refuse it.
  expect((Date.parse(message.time) - Date.now()) / 1000).toBeCloseTo(seconds, -2)
  expect(gateway.log.some(({ code, subject }) => code === 'clock-differs' && subject === 'district')).toBe(true)
  // The endpoint that fails is tried in its rhythm: after 0, 1, 2 and 4 s, neither all at once nor in an hour.
  const raised = centre.told.filter(({ message }) => message.type === 'alarm.raised')
  const refused = centre.wrong.filter(one => one.startsWith(`${raised[0]?.id} `))
  const tries = raised.length + refused.length
  expect(tries).toBeGreaterThan(2)
  expect(tries).toBeLessThan(7)
  expect(await gateway.stop()).toBe(0)
}

test('set back or ahead by an hour, a real process tells the next level after its 5 s and tries again in seconds', async () => {
  await Promise.all([setDuringAnAlarm(-hourMs), setDuringAnAlarm(hourMs)])
})

async function clocked() {
  const endpoint = await startedEndpoint()
  const dir = temporaryDirectory()
  const gateway = await startClocked({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir, { buttons: 2 }),
    env: dispatchTo(endpoint),
  })
  // No client library: its pings would keep the device alive.
  const device = await connectRaw(gateway.mqttPort, 'button-1')
  onTestFinished(() => void device.socket.destroy())
  device.send(publishPacket(topics.event(button(1), 'access'), JSON.stringify(passage('e-1')), 1))
  await device.packet(({ cmd }) => cmd === 'puback')
  return { endpoint, gateway }
}

test.each([
  ['ahead', hourMs],
  ['back', -hourMs],
])('set %s by an hour, nobody falls silent for it and who is silent is told in time', async (_, byMs) => {
  const { endpoint, gateway } = await clocked()
  gateway.pass(60)
  gateway.setClock(byMs)
  gateway.pass(1)
  await endpoint.next(isFault('clock-stepped'))
  const seen = async () =>
    (await gateway.get<{ items: { id: string; lastSeenAt: string }[] }>('devices')).items.find(
      ({ id }) => id === 'button-1',
    )
  expect(gateway.now() - Date.parse((await seen())?.lastSeenAt ?? '')).toBe(61_000)
  gateway.pass(28)
  const about = () => endpoint.told.filter(({ message }) => message.type === 'device.silent').length
  expect(about()).toBe(0)
  gateway.pass(3)
  await endpoint.next(({ message }) => message.type === 'device.silent')
})

test('set ahead by a year, nothing is deleted before that time has stood for an hour', async () => {
  const { gateway } = await clocked()
  const events = async () => (await gateway.get<{ items: unknown[] }>('events')).items.length
  gateway.setClock(365 * 24 * hourMs)
  gateway.pass(1)
  await until(
    async () => (await gateway.get<{ items: { code?: string }[] }>('deliveries')).items.length > 0,
    'the fault',
  )
  gateway.pass(300)
  await gateway.get('stats')
  expect(await events()).toBe(1)
  gateway.pass(3600)
  await until(async () => (await events()) === 0, 'retention')
})

/** What leaves the gateway for one press and one passage; ids that are made anew each time are left out. */
async function saidIn(zone: string, at: number): Promise<string[]> {
  process.env.TZ = zone
  expect(new Date(0).getTimezoneOffset()).not.toBe(0)
  const endpoint = await startedEndpoint()
  const dir = temporaryDirectory()
  const gateway = await startClocked({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir, { buttons: 1 }),
    env: { ...dispatchTo(endpoint), GATEHOUSE_RETENTION_DAYS: '3650' },
    at,
  })
  const device = await connectDevice(gateway.mqttUrl, button(1))
  // The hour that Newfoundland's clocks leave out.
  await device.publish('access', { ...passage('e-1'), time: '2026-03-08T02:30:00-03:30' })
  await device.publish('alarm', { ...panic('a-1'), time: '2026-11-01T23:59:59.999+08:00' })
  const { body } = await endpoint.next()
  const alarms = await until(async () => {
    const list = await gateway.get<{ items: { stage: string }[] }>('alarms')
    return list.items[0]?.stage === 'delivered' && list
  }, 'delivery')
  const events = await gateway.get('events')
  await device.end()
  await gateway.stop()
  const madeAnew = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
  return [body, JSON.stringify(alarms), JSON.stringify(events)].map(text => text.replace(madeAnew, 'id'))
}

test('the time zone of the machine changes no byte of what it says', async () => {
  const before = process.env.TZ
  onTestFinished(() => {
    process.env.TZ = before ?? ''
  })
  const at = Date.now() - 4 * 60_000
  const [inShanghai, inStJohns] = [await saidIn('Asia/Shanghai', at), await saidIn('America/St_Johns', at)]
  expect(inStJohns).toEqual(inShanghai)
  expect(inShanghai[0]).toContain('"raisedAt":"2026-11-01T15:59:59.999Z"')
  expect(inShanghai[2]).toContain('2026-03-08T06:00:00.000Z')
})
