import { onTestFinished, test } from 'vitest'
import { connectDevice, panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { endpointSecret, startEndpoint, type TestEndpoint } from '../helpers/endpoint.ts'
import { failToStart, type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { button, writeRegistry } from '../helpers/registry.ts'

async function start(secret?: string): Promise<TestEndpoint> {
  const endpoint = await startEndpoint(secret)
  onTestFinished(() => endpoint.down())
  return endpoint
}
const stationSecret = `whsec_${Buffer.from('another one, the station’s own').toString('base64')}`
const secrets = { CENTRE_SECRET: endpointSecret, STATION_SECRET: stationSecret, BACKUP_SECRET: endpointSecret }

test('of two endpoints of level 0 the living one gets everything at once, and a fault about the one that refuses', async ({
  expect,
}) => {
  const dir = temporaryDirectory()
  const centre = await start()
  const station = await start(stationSecret)
  const backup = await start()
  station.behave(response => void response.writeHead(401).end())
  const gateway: RunningGateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir, {
      endpoints: [
        { id: 'centre', url: centre.url, secretEnv: 'CENTRE_SECRET', level: 0 },
        { id: 'station', url: station.url, secretEnv: 'STATION_SECRET', level: 0 },
        { id: 'backup', url: backup.url, secretEnv: 'BACKUP_SECRET', level: 1 },
      ],
    }),
    env: secrets,
  })
  onTestFinished(() => gateway.kill())
  const device = await connectDevice(gateway.mqttUrl, button(1))
  onTestFinished(() => device.end())

  await device.publish('alarm', panic('p1'))
  await device.publish('alarm', panic('p2'))
  await centre.next(({ message }) => message.type === 'alarm.pressed')
  const { message } = await centre.next(told => told.message.type === 'gateway.fault')
  expect(message).toMatchObject({
    subject: 'station',
    data: { fault: { code: 'endpoint-refuses', subject: 'station', message: expect.stringContaining('401') } },
  })
  // A second alarm is refused again and again too: the fault was told once, and the station is still asked.
  await device.publish('alarm', panic('t1', { trigger: 'tamper' }))
  await centre.next(told => told.message.data.alarm?.trigger === 'tamper')
  const tamper = () => station.told.filter(told => told.message.data.alarm?.trigger === 'tamper')
  await station.next(() => tamper().length === 2)
  await device.publish('alarm', panic('t2', { trigger: 'tamper' }))
  await centre.next(told => told.message.data.alarm?.trigger === 'tamper' && told.message.type === 'alarm.pressed')

  const types = (endpoint: TestEndpoint) => endpoint.told.map(told => told.message.type)
  expect(types(centre).toSorted()).toEqual([
    'alarm.pressed',
    'alarm.pressed',
    'alarm.raised',
    'alarm.raised',
    'gateway.fault',
  ])
  expect(new Set(centre.told.map(({ id }) => id)).size).toBe(5)
  // Twice each, and then at 60 s: a refusal that repeats. Nothing about itself, and nothing out of order.
  expect(types(station)).toEqual(['alarm.raised', 'alarm.raised', 'alarm.raised', 'alarm.raised'])
  // The next level is told of the fault, like every other endpoint, and of no alarm.
  expect(types(backup)).toEqual(['gateway.fault'])
  for (const endpoint of [centre, station, backup]) expect(endpoint.wrong).toEqual([])
  const lines = JSON.stringify(gateway.log)
  for (const secret of Object.values(secrets)) expect(lines).not.toContain(secret.slice('whsec_'.length))
})

test('an endpoint whose secret is missing or no secret keeps the gateway from starting, and is named', async ({
  expect,
}) => {
  const dir = temporaryDirectory()
  const registry = writeRegistry(dir, {
    endpoints: [
      { id: 'centre', url: 'http://127.0.0.1:9/', secretEnv: 'CENTRE_SECRET', level: 0 },
      { id: 'station', url: 'http://127.0.0.1:9/', secretEnv: 'STATION_SECRET', level: 0 },
    ],
  })
  const { code, stderr } = await failToStart({ dataDir: `${dir}/data`, registry, env: { STATION_SECRET: 'whsec_a' } })
  expect(code).toBe(78)
  expect(stderr).toContain('CENTRE_SECRET: is not set; endpoint centre needs it')
  expect(stderr).toContain('STATION_SECRET: what stands behind whsec_ is not base64; endpoint station needs it')
})
