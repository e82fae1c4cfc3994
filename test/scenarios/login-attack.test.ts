import { expect, onTestFinished, test } from 'vitest'
import type { LoginRefused } from '../../gateway/mqtt/login-door.ts'
import { topics } from '../../schemas/topics.ts'
import { HeldJournal, startBroker } from '../helpers/broker.ts'
import { panic } from '../helpers/device.ts'
import { connectPacket, connectRaw, publishPacket } from '../helpers/raw-device.ts'
import { button } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

const real = button(1)
const wrong = (index: number) => connectPacket(real.device, { password: Buffer.from(`guess-${index}`) })

test('1,000 wrong logins for a device from its own address: it logs in and raises an alarm meanwhile; each is told, few are answered', async () => {
  const refused: LoginRefused[] = []
  const journal = new HeldJournal()
  journal.run()
  const { port } = await startBroker(journal, { onRefused: one => refused.push(one) })
  let answered = 0
  let next = 0
  const attacker = async () => {
    while (next < 1000) {
      const guess = await connectRaw(port, real.device, { connect: wrong(next++) })
      onTestFinished(() => void guess.socket.destroy())
      // It doesn't wait for an answer that isn't there at once.
      await Promise.race([guess.closed, until(() => refused.length >= next, 'it is looked at')])
      answered += guess.packets.length
    }
  }
  const attack = Promise.all(Array.from({ length: 30 }, attacker))
  await until(() => refused.length > 200, 'an attack')
  expect(next).toBeLessThan(1000)
  const device = await connectRaw(port, real.device)
  onTestFinished(() => void device.socket.destroy())
  device.send(publishPacket(topics.event(real, 'alarm'), JSON.stringify(panic('help')), 7))
  await device.packet(packet => packet.cmd === 'puback' && packet.messageId === 7)
  await attack
  await until(() => refused.length === 1000, 'all are told of')
  expect(new Set(refused.map(({ device, why }) => `${device}: ${why}`))).toEqual(new Set(['button-1: wrong secret']))
  expect(answered).toBeLessThan(100)
  expect(device.socket.closed).toBe(false)
})

test('what a stranger calls himself is never told: it may be a secret in the wrong field', async () => {
  const refused: LoginRefused[] = []
  const { port } = await startBroker(new HeldJournal(), { onRefused: one => refused.push(one) })
  const typo = 'Tr0ub4dor-and-3'
  const stranger = await connectRaw(port, '', { connect: connectPacket(typo) })
  await stranger.closed
  expect(stranger.packets).toMatchObject([{ cmd: 'connack', returnCode: 4 }])
  const nameless = await connectRaw(port, '', {
    connect: connectPacket('x', { username: undefined, password: undefined }),
  })
  await nameless.closed
  expect(refused).toEqual([
    { device: undefined, address: '127.0.0.1', why: 'unknown user name' },
    { device: undefined, address: '127.0.0.1', why: 'no user name or password' },
  ])
})
