import { onTestFinished, test } from 'vitest'
import { topics } from '../../schemas/topics.ts'
import { passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { connectPacket, connectRaw, publishPacket } from '../helpers/raw-device.ts'
import { gate, monitor, secretOf, writeRegistry } from '../helpers/registry.ts'

test('a monitor that stops reading holds up no device, however much that pipelines', async ({ expect }) => {
  const dir = temporaryDirectory()
  const gateway = await startGateway({ dataDir: `${dir}/data`, registry: writeRegistry(dir) })
  onTestFinished(() => gateway.kill())
  const watching = await connectRaw(gateway.mqttPort, monitor, {
    connect: connectPacket(monitor, { password: Buffer.from(secretOf(monitor)), clientId: 'watching' }),
  })
  onTestFinished(() => void watching.socket.destroy())
  watching.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'gh/v1/#', qos: 0 }] })
  await watching.packet(({ cmd }) => cmd === 'suback')
  watching.socket.pause()

  const device = await connectRaw(gateway.mqttPort, gate.device)
  onTestFinished(() => void device.socket.destroy())
  const bulk = 'x'.repeat(4000)
  const publishes = 3000
  const window = 25
  let sent = 0
  const next = () => {
    const id = (sent % 65_535) + 1
    sent++
    return publishPacket(topics.event(gate, 'access'), JSON.stringify({ ...passage(`p-${sent}`), bulk }), id)
  }
  device.send(...Array.from({ length: window }, next))
  const startedAt = performance.now()
  let acked = 0
  await new Promise<void>(resolve => {
    device.socket.on('data', () => {
      const now = device.packets.filter(({ cmd }) => cmd === 'puback').length
      const more = Math.min(now - acked, publishes - sent)
      acked = now
      if (more > 0) device.send(...Array.from({ length: more }, next))
      if (acked === publishes) resolve()
    })
  })
  console.log(
    `${publishes} publishes pubacked in ${(performance.now() - startedAt).toFixed(0)} ms beside a frozen monitor`,
  )
  // 12 MB went past a monitor that took none of it. It is cut after 5 s, and nobody waited for that.
  expect(gateway.log.filter(({ why }) => why === 'drain timeout')).toEqual([])
  expect(await gateway.get('stats')).toMatchObject({ accepted: publishes, rejected: 0 })
})
