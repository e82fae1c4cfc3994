import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { addDevice } from '../../gateway/provisioning/add-command.ts'
import { disable } from '../../gateway/provisioning/disable-command.ts'
import { rotate } from '../../gateway/provisioning/rotate-command.ts'
import type { AlarmsPage, DevicesPage, Problem, RegistryReloaded } from '../../schemas/api.ts'
import { topics } from '../../schemas/topics.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { endpointSecret, startEndpoint, type Told } from '../helpers/endpoint.ts'
import { adminToken, type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { connectPacket, connectRaw } from '../helpers/raw-device.ts'
import { button, gate, monitor, secretOf, writeRegistry } from '../helpers/registry.ts'
import { command, shown } from '../helpers/registry-command.ts'
import { until } from '../helpers/until.ts'

/** The registry is changed while the gateway runs: by SIGHUP and by the API. */
const reloadByApi = async (gateway: RunningGateway) => {
  const response = await fetch(`${gateway.httpUrl}/api/v1/registry/reload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}` },
  })
  return { status: response.status, body: (await response.json()) as RegistryReloaded & Problem }
}
const linesOf = (gateway: RunningGateway, msg: string) => gateway.log.filter(line => line.msg === msg)
async function reloadBySignal(gateway: RunningGateway) {
  const before = linesOf(gateway, 'registry.reloaded').length
  gateway.signal('SIGHUP')
  return await until(() => linesOf(gateway, 'registry.reloaded')[before], 'the registry is reloaded')
}

/** The return code of the CONNACK. */
async function connackOf(gateway: RunningGateway, device: string, secret = secretOf(device)): Promise<number> {
  const raw = await connectRaw(gateway.mqttPort, device, {
    connect: connectPacket(device, { password: Buffer.from(secret) }),
  })
  const connack = await raw.packet(({ cmd }) => cmd === 'connack')
  raw.socket.destroy()
  return (connack as { returnCode: number }).returnCode
}
const connected = async (gateway: RunningGateway, device: string, connect = connectPacket(device)) => {
  const raw = await connectRaw(gateway.mqttPort, device, { connect })
  onTestFinished(() => void raw.socket.destroy())
  await raw.packet(packet => packet.cmd === 'connack' && packet.returnCode === 0)
  return raw
}

test('who may not connect any more is cut at once, and nobody else notices', async () => {
  const dir = temporaryDirectory()
  const registry = writeRegistry(dir, { buttons: 6 })
  const gateway = await startGateway({ dataDir: `${dir}/data`, registry })
  onTestFinished(() => gateway.kill())
  const unchanged = await connectDevice(gateway.mqttUrl, button(1))
  onTestFinished(() => unchanged.end())
  let closed = false
  unchanged.client.on('close', () => {
    closed = true
  })
  // Its will is an alarm: a stolen device must not raise one by being cut off.
  const will = { topic: topics.event(button(2), 'alarm'), payload: JSON.stringify(panic('will')), qos: 1 }
  const stolen = await connected(gateway, 'button-2', connectPacket('button-2', { will }))
  const others = await Promise.all(['button-3', 'button-4', 'button-5', monitor].map(id => connected(gateway, id)))
  const rotating = await connected(gateway, 'button-6')

  command(disable, registry, ['button-2', monitor])
  const newSecret = shown(command(rotate, registry, ['button-3', '--now']))
  const planned = shown(command(rotate, registry, ['button-6']))
  const added = shown(command(addDevice, registry, ['button-9', '--site', gate.site, '--kind', 'panic-button']))
  const text = readFileSync(registry, 'utf8')
  const moved = text.replace(/(id: button-4\n\s+site: )school-01/, `$1${gate.site}`)
  writeFileSync(registry, moved.replace(/ {2}- id: button-5\n( {4}.*\n)+/, ''))

  const publishing = Promise.all(
    Array.from({ length: 300 }, (_, index) => unchanged.publish('access', passage(`during-${index}`))),
  )
  publishing.catch(() => {})
  const line = await reloadBySignal(gateway)
  expect(line).toMatchObject({
    by: 'signal',
    devices: { added: 1, removed: 1, changed: 4, disabled: 1 },
    accounts: { added: 0, removed: 0, changed: 1 },
    sites: { added: 0, removed: 0, changed: 0 },
    cut: 5,
  })
  await Promise.all([stolen, ...others].map(({ closed }) => closed))
  await publishing
  await unchanged.publish('access', passage('after'))
  expect([closed, rotating.socket.closed]).toEqual([false, false])
  const why = linesOf(gateway, 'connection.cut').map(({ device, why }) => `${device ?? 'monitor'}: ${why}`)
  expect(why.toSorted()).toEqual([
    'button-2: disabled',
    'button-3: its secret was changed',
    'button-4: moved to another site',
    'button-5: left the registry',
    'monitor: disabled',
  ])

  // Who may come, and as what.
  expect(await connackOf(gateway, 'button-2')).toBe(5)
  expect([await connackOf(gateway, 'button-3'), await connackOf(gateway, 'button-3', newSecret)]).toEqual([4, 0])
  expect(await connackOf(gateway, 'button-5')).toBe(4)
  const elsewhere = await connectDevice(gateway.mqttUrl, { site: gate.site, device: 'button-4' })
  onTestFinished(() => elsewhere.end())
  await elsewhere.publish('alarm', panic('moved'))
  const alarms = await until(async () => {
    const { items } = await gateway.get<typeof AlarmsPage._output>('alarms')
    return items.length > 0 && items
  }, 'the alarm of the device that moved')
  expect(alarms.map(({ device, site }) => [device.id, site.id])).toEqual([['button-4', gate.site]])
  expect(await connackOf(gateway, 'button-9', added)).toBe(0)

  // A planned rotation: the old secret counts until it is finished.
  const rotationOf = async () =>
    (await gateway.get<typeof DevicesPage._output>('devices')).items.find(({ id }) => id === 'button-6')?.rotation
  expect(await rotationOf()).toBe('waiting')
  const renewed = await connected(gateway, 'button-6', connectPacket('button-6', { password: Buffer.from(planned) }))
  expect(await rotationOf()).toBe('done')
  command(rotate, registry, ['button-6', '--finish'])
  const { status, body } = await reloadByApi(gateway)
  expect([status, body.cut, body.devices.changed]).toEqual([200, 0, 1])
  expect([renewed.socket.closed, await rotationOf(), await connackOf(gateway, 'button-6')]).toEqual([false, null, 4])

  await brokenIsRefused(gateway, registry)
  const { items } = await gateway.get<{ items: { what: string; by: string }[] }>('audit')
  expect(items.filter(({ what }) => what.startsWith('registry.')).map(({ what, by }) => `${what} ${by}`)).toEqual([
    'registry.refused tests',
    'registry.loaded tests',
    'registry.loaded signal',
  ])
  expect([closed, await gateway.stop()]).toEqual([false, 0])
}, 60_000)

async function brokenIsRefused(gateway: RunningGateway, registry: string) {
  const good = readFileSync(registry, 'utf8')
  const broken = good
    .replace('kind: compound', 'kind: zoo')
    .replace('id: button-9', 'id: button-1')
    .replace(/button-4/, 'Knopf 4')
  writeFileSync(registry, broken)
  const lineOf = (text: string) => broken.split('\n').findIndex(line => line.includes(text)) + 1
  const { status, body } = await reloadByApi(gateway)
  expect(status).toBe(422)
  const at = (line: number) => `${registry}:${line}`
  expect(body.mistakes?.map(({ parameter }) => parameter)).toEqual([
    at(lineOf('zoo')),
    at(lineOf('Knopf')),
    at(broken.split('\n').findLastIndex(line => line.includes('id: button-1')) + 1),
  ])
  expect(body.mistakes?.[0]?.detail).toMatch(/^sites: compound-01: kind: must be one of school, /)
  // What was in force is in force.
  expect([await connackOf(gateway, 'button-4'), await connackOf(gateway, gate.device)]).toEqual([0, 0])
}

test('endpoints that are added, removed or changed are told, left alone, and told anew', async () => {
  const dir = temporaryDirectory()
  const otherSecret = `whsec_${Buffer.from('another secret of this test, so long').toString('base64')}`
  const secretFile = join(dir, 'centre.secret')
  writeFileSync(secretFile, endpointSecret)
  const [dead, centre, station] = [await startEndpoint(), await startEndpoint(otherSecret), await startEndpoint()]
  await dead.down()
  for (const endpoint of [centre, station]) onTestFinished(() => endpoint.down())
  const at = (id: string, url: string, level: number) => ({ id, url, level, secretEnv: 'CENTRE_SECRET' })
  const write = (...endpoints: ReturnType<typeof at>[]) => writeRegistry(dir, { endpoints })
  const gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: write(at('old', dead.url, 0)),
    env: { CENTRE_SECRET_FILE: secretFile },
  })
  onTestFinished(() => gateway.kill())
  const device = await connectDevice(gateway.mqttUrl, button(1))
  onTestFinished(() => device.end())
  await device.publish('alarm', panic('first'))
  await until(() => linesOf(gateway, 'delivery.attempted').length > 0, 'the endpoint was tried')

  // In place of the one that takes nothing. Of the alarm that nobody knows of yet it is told at once; with the secret that the file holds now.
  writeFileSync(secretFile, otherSecret)
  write(at('centre', centre.url, 0), at('station', station.url, 1))
  const { body } = await reloadByApi(gateway)
  expect(body.endpoints).toEqual({ added: 2, removed: 1, changed: 0 })
  const first = await centre.next(({ message }) => message.type === 'alarm.raised')
  expect(first.message.data.alarm).toMatchObject({ device: { id: 'button-1' }, stage: 'raised' })
  const states = async () =>
    (await gateway.get<{ items: { endpoint: string; state: string; type: string }[] }>('deliveries')).items
      .filter(({ type, endpoint }) => type === 'alarm.raised' && endpoint !== 'station')
      .map(({ endpoint, state }) => `${endpoint} ${state}`)
      .toSorted()
  await until(async () => (await states()).includes('centre delivered'), 'it is known as delivered')
  expect(await states()).toEqual(['centre delivered', 'old cancelled'])

  // Another level: the next alarm goes to the one that is first now, and not to the other.
  writeFileSync(secretFile, endpointSecret)
  write(at('centre', centre.url, 1), at('station', station.url, 0))
  expect((await reloadByApi(gateway)).body.endpoints).toEqual({ added: 0, removed: 0, changed: 2 })
  const press = async (number: number, id: string) => {
    const other = await connectDevice(gateway.mqttUrl, button(number))
    onTestFinished(() => other.end())
    await other.publish('alarm', panic(id))
  }
  await press(2, 'second')
  const isRaisedBy = (device: string) => (told: Told) =>
    told.message.type === 'alarm.raised' && told.message.data.alarm?.device.id === device
  await station.next(isRaisedBy('button-2'))
  expect(centre.told.filter(isRaisedBy('button-2'))).toEqual([])

  // One that refused what was signed with the wrong secret is tried at once when that is mended.
  writeFileSync(secretFile, otherSecret)
  write(at('station', station.url, 0))
  await reloadByApi(gateway)
  await press(3, 'third')
  // Twice: from then on it is tried once a minute.
  await until(() => station.wrong.length >= 2, 'it has refused')
  writeFileSync(secretFile, endpointSecret)
  const secretsAt = Date.now()
  await reloadByApi(gateway)
  const third = await station.next(({ message }) => message.data.alarm?.device.id === 'button-3')
  console.log(`told ${third.at - secretsAt} ms after its secret was mended`)

  // A secret that isn't there: refused, and what was in force stays.
  writeFileSync(secretFile, 'whsec_!')
  const refused = await reloadByApi(gateway)
  expect([refused.status, refused.body.mistakes?.map(({ parameter }) => parameter)]).toEqual([422, ['CENTRE_SECRET']])
}, 60_000)
