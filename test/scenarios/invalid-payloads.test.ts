import { onTestFinished, test } from 'vitest'
import type { Ack } from '../../schemas/ack.ts'
import type { RejectionView, Stats } from '../../schemas/api.ts'
import { topics } from '../../schemas/topics.ts'
import { connectDevice, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { invalidPayloads, person, plate } from '../helpers/invalid-payloads.ts'
import { gate, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

test('each invalid payload is pubacked, told to its maker and kept as a rejection; the connection lives', async ({
  expect,
}) => {
  const dir = temporaryDirectory()
  const gateway = await startGateway({
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir),
    env: { GATEHOUSE_LOG_LEVEL: 'trace' },
  })
  onTestFinished(() => gateway.kill())
  const device = await connectDevice(gateway.mqttUrl, gate, { acks: true })
  onTestFinished(() => device.end())

  // Resolves at the PUBACK of each, all on the one connection.
  await Promise.all(
    invalidPayloads.map(([, leaf, payload]) => device.publishRaw(`${topics.prefix(gate)}/${leaf}`, payload)),
  )
  await device.publish('access', passage('after-all-of-them'))
  const count = invalidPayloads.length
  await until(() => device.acks.length === count + 1, 'an ack for each')

  const { items } = await gateway.get<{ items: RejectionView[] }>('rejections?limit=1000')
  const kept = new Map(items.map(item => [item.seq, item]))
  for (const [index, [name, leaf, payload, ...words]] of invalidPayloads.entries()) {
    const ack = device.acks[index] as Ack
    expect.soft(ack, name).toMatchObject({ result: 'rejected', seq: index + 1 })
    for (const word of words) expect.soft(ack.reason, name).toContain(word)
    expect.soft(kept.get(ack.seq), name).toMatchObject({
      device: gate.device,
      site: gate.site,
      topic: `${topics.prefix(gate)}/${leaf}`,
      reason: ack.reason,
      bytes: Buffer.byteLength(payload),
    })
  }
  expect(device.acks.at(-1)).toMatchObject({ id: 'after-all-of-them', result: 'stored', seq: count + 1 })

  const said = JSON.stringify([device.acks.map(({ reason }) => reason), items.map(({ reason }) => reason), gateway.log])
  for (const marked of [person, plate, 'East gate']) expect(said).not.toContain(marked)
  for (const { reason } of items) expect(reason.length).toBeLessThanOrEqual(400)

  const stats = await gateway.get<Stats>('stats')
  expect(stats).toMatchObject({ received: count + 1, accepted: 1, duplicate: 0, rejected: count })
  expect(await gateway.stop()).toBe(0)
})

test('the table is as long as the issue asks for, and no row stands twice', ({ expect }) => {
  expect(invalidPayloads.length).toBeGreaterThanOrEqual(80)
  expect(new Set(invalidPayloads.map(([name]) => name)).size).toBe(invalidPayloads.length)
})
