import { onTestFinished, test } from 'vitest'
import type { EventView, Stats } from '../../schemas/api.ts'
import { topics } from '../../schemas/topics.ts'
import { connectDevice } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { gate, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'
import { validPayloads } from '../helpers/valid-payloads.ts'

test('what is unusual and allowed is stored, and goes the whole way: API, alarm desk, InfluxDB', async ({ expect }) => {
  const dir = temporaryDirectory()
  const influxd = await startInfluxd()
  onTestFinished(() => influxd.remove())
  const database = influxd.newDatabase()
  const gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir),
    env: { GATEHOUSE_INFLUX_URL: influxd.url, GATEHOUSE_INFLUX_DATABASE: database },
  })
  onTestFinished(() => gateway.kill())
  const device = await connectDevice(gateway.mqttUrl, gate, { acks: true })
  onTestFinished(() => device.end())

  await Promise.all(
    validPayloads.map(([, leaf, payload]) => device.publishRaw(`${topics.prefix(gate)}/${leaf}`, payload)),
  )
  const count = validPayloads.length
  await until(() => device.acks.length === count, 'an ack for each')
  for (const [index, [name]] of validPayloads.entries())
    expect.soft(device.acks[index], name).toMatchObject({ result: 'stored' })
  // An alarm is stored before what its device said earlier; answered it is in its turn.
  const seqs = device.acks.map(({ seq }) => seq)
  expect([...seqs].sort((one, other) => one - other)).toEqual(validPayloads.map((_, index) => index + 1))

  const { items } = await gateway.get<{ items: EventView[] }>('events?limit=1000')
  const shown = new Map(items.map(item => [item.seq, item]))
  for (const [index, [name, leaf, payload]] of validPayloads.entries()) {
    const id = leaf.startsWith('event/') ? (JSON.parse(String(payload)) as { id: string }).id : null
    expect
      .soft(shown.get(seqs[index]!), name)
      .toMatchObject({ id, kind: leaf.replace('event/', ''), device: gate.device })
    expect.soft(shown.get(seqs[index]!)?.data, name).not.toBeNull()
  }

  const stats = await until(async () => {
    const found = await gateway.get<Stats>('stats')
    return Object.values(found.consumers).every(({ pending }) => pending === 0) && found
  }, 'all consumers done')
  const done = { done: count, pending: 0, quarantined: 0 }
  expect(stats).toMatchObject({
    received: count,
    accepted: count,
    rejected: 0,
    consumers: { alarms: done, influx: done },
  })
  // Of status there is no point.
  expect(await influxd.countPoints(database)).toBe(count - 1)
  expect(await gateway.stop()).toBe(0)
})
