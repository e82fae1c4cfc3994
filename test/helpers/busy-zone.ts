import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { makeRegistry } from '../../device-sim/registry.ts'
import { writeRegistry } from '../../device-sim/registry-files.ts'
import type { EventKind } from '../../schemas/events/kinds.ts'
import { connectDevice, type Device, panic } from './device.ts'
import { temporaryDirectory } from './directory.ts'
import { accept, dispatchTo, startEndpoint } from './endpoint.ts'
import { type RunningGateway, startGateway } from './gateway.ts'
import { officersEnv } from './officers.ts'
import { post } from './people.ts'
import { until } from './until.ts'

/** The whole development zone in the middle of a day: something of each kind on each page of the console. */
export async function startBusyZone(): Promise<RunningGateway> {
  const dir = temporaryDirectory()
  const { file: registry, secrets } = makeRegistry({ seed: '1' })
  const { registryPath } = await writeRegistry(dir, { file: registry, secrets }, { force: false, comment: 'of a test' })
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const env = { ...dispatchTo(endpoint), ...officersEnv }
  const gateway = await startGateway({ dataDir: join(dir, 'data'), registry: registryPath, env })
  onTestFinished(() => gateway.kill())

  const devices = new Map<string, Device>()
  onTestFinished(async () => void (await Promise.all([...devices.values()].map(device => device.end()))))
  const connect = async ({ id, site }: { id: string; site: string }) =>
    void devices.set(id, await connectDevice(gateway.mqttUrl, { site, device: id }, { password: secrets.devices[id]! }))
  // One that stays away, so that presence has something to say.
  await Promise.all(registry.devices.filter(({ id }) => id !== 'school-03-button-01').map(connect))
  const of = (kind: string) => registry.devices.filter(one => one.kind === kind && devices.has(one.id))

  /** Spread over the last hour, as if the devices had kept them while their line was down. */
  const ago = (number: number, of: number) => new Date(Date.now() - ((number + 0.5) / of) * 55 * 60_000).toISOString()
  const say = async (kind: EventKind, from: string, count: number, data: (index: number) => object) => {
    const all = of(from)
    for (let index = 0; index < count; index++)
      await devices.get(all[index % all.length]!.id)!.publish(kind, {
        id: `${kind}-${index}`,
        ...(index > 0 && { time: ago(index, count), buffered: true }),
        data: data(index),
      })
  }
  const person = { ref: 'S2019-0417', role: 'student' }
  await Promise.all([
    say('access', 'access-controller', 24, index => ({
      door: '东门',
      direction: index % 2 === 0 ? 'in' : 'out',
      method: 'card',
      result: index % 7 === 3 ? 'denied' : 'granted',
      person,
    })),
    say('face', 'face-checkpoint', 12, index => ({
      camera: '北侧',
      match: index % 5 === 2 ? 'stranger' : 'known',
      score: 0.93,
      person,
    })),
    say('vehicle', 'vehicle-checkpoint', 12, () => ({
      lane: '1',
      direction: 'in',
      plate: '晋A7P31D',
      plateColor: 'blue',
      speedKmh: 38,
    })),
    say('telemetry', 'sensor', 6, index => ({ metrics: { temperature: 21.5 + index, humidity: 40 } })),
  ])
  const buttons = of('panic-button')
  const buttonOf = (site: string) => devices.get(buttons.find(one => one.site === site)!.id)!
  await buttonOf('school-02').publishRaw(
    'gh/v1/school-02/school-02-button-01/heartbeat',
    '{"battery":17,"rssi":-71,"firmware":"2.4.1"}',
  )
  await buttonOf('school-02').publish('alarm', {
    id: 'wrong',
    data: { trigger: 'pressed', state: 'raised', mode: 'actual' },
  })

  const press = async (site: string, more: object = {}) => {
    const device = buttonOf(site)
    await device.publish('alarm', panic(`press-${site}`, more))
    return (await endpoint.next(({ message }) => message.data.alarm?.device.id === device.address.device)).message
      .subject
  }
  const steps = {
    acknowledge: {},
    dispatch: { unit: '1号车' },
    arrive: {},
    close: { disposition: 'real', note: '家长纠纷，已劝离' },
  }
  const act = async (alarm: string, until: keyof typeof steps) => {
    for (const [step, body] of Object.entries(steps)) {
      await post(gateway, `alarms/${alarm}/${step}`, { by: '李想', ...body })
      if (step === until) return
    }
  }
  for (const site of ['school-05', 'school-05', 'kindergarten-02', 'compound-03']) {
    const has = buttons.some(one => one.site === site)
    if (has) await act(await press(site), 'close')
  }
  await act(await press('kindergarten-04'), 'dispatch')
  await press('school-06', { mode: 'drill' })
  // The last is not taken by dispatch: a delivery that waits.
  endpoint.behave((response, told) =>
    told.message.data.alarm?.site.id === 'school-01'
      ? void response.writeHead(503).end()
      : accept(response, told, undefined as never),
  )
  await press('school-01')
  await until(
    async () =>
      (await gateway.get<{ items: { attempts: number }[] }>('deliveries?state=pending')).items.some(
        ({ attempts }) => attempts > 0,
      ),
    'an attempt that failed',
  )
  return gateway
}
