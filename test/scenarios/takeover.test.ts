import { expect, onTestFinished, test } from 'vitest'
import { Presence } from '../../gateway/devices/presence.ts'
import type { Broker } from '../../gateway/mqtt/broker.ts'
import { topics } from '../../schemas/topics.ts'
import { HeldJournal, startBroker } from '../helpers/broker.ts'
import { connectPacket, connectRaw, publishPacket, type RawDevice } from '../helpers/raw-device.ts'
import { button } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** A device comes back while its old connection is still there, or leaving: one stays, and nobody is mistaken about it. */
const address = button(1)
const { device } = address
const will = {
  topic: topics.status(address),
  payload: Buffer.from('{"status":"offline","boot":1}'),
  qos: 1 as const,
  retain: false,
}

/** aedes' parts, which its types don't name. */
type Inside = Broker & {
  mq: { removeListener: (...given: never[]) => unknown }
  persistence: { cleanSubscriptions: (...given: never[]) => unknown }
}

async function start() {
  const presence = new Presence()
  const journal = new HeldJournal()
  journal.run()
  const said: string[] = []
  const append = journal.append.bind(journal)
  journal.append = (publish, done) => {
    said.push(publish.fromWill ? 'will' : publish.payload.toString())
    append(publish, done)
  }
  const { broker, port } = await startBroker(journal, {
    onConnected: (id, connected) => presence.setConnected(id, connected),
  })
  const enter = async (more: object = {}) => {
    const raw = await connectRaw(port, device, { connect: connectPacket(device, more), connack: false })
    onTestFinished(() => void raw.socket.destroy())
    return raw
  }
  return { broker: broker as Inside, port, presence, said, enter }
}
/** The broker has had every chance to do something: another device came, was answered and went, ten times. */
async function settledElsewhere(port: number): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const raw = await connectRaw(port, button(2).device)
    raw.send({ cmd: 'disconnect' })
    await raw.closed
  }
}
const welcomed = (raw: RawDevice) => raw.packet(({ cmd }) => cmd === 'connack')
/** Subscriptions make aedes' leave-taking take a turn longer. */
const settle = async (raw: RawDevice) => {
  raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: topics.ack(address), qos: 1 }] })
  await raw.packet(({ cmd }) => cmd === 'suback')
}

test('the will of the old connection stands before what the new one says, which comes with its CONNECT', async () => {
  const { said, enter, presence } = await start()
  for (let round = 0; round < 20; round++) {
    said.length = 0
    const old = await enter({ will })
    await welcomed(old)
    await settle(old)
    const raw = await enter({ will })
    raw.send(publishPacket(topics.status(address), '{"status":"online","boot":2}', 1))
    await raw.packet(({ cmd }) => cmd === 'puback')
    await old.closed
    expect(said).toEqual(['will', '{"status":"online","boot":2}'])
    expect(presence.connected(device)).toBe(true)
    raw.send({ cmd: 'disconnect' })
    await raw.closed
    await until(() => !presence.connected(device), 'the device is gone')
  }
})

/** Holds the next call of a method that aedes waits for, as a slow turn of the event loop would, until the test lets it go. */
function holdNext<Of extends object>(of: Of, name: keyof Of & string) {
  const target = of as Record<string, (...given: never[]) => unknown>
  const original = target[name]!
  const { promise: held, resolve: tell } = Promise.withResolvers<void>()
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  target[name] = async (...given) => {
    target[name] = original
    tell()
    await released
    return original.apply(of, given)
  }
  return { held, release }
}
const alive = async (raw: RawDevice) => {
  raw.send({ cmd: 'pingreq' })
  await raw.packet(({ cmd }) => cmd === 'pingresp')
}

test('it comes back while its old connection is still leaving: it waits for that, and is not taken along', async () => {
  const { broker, port, enter, presence, said } = await start()
  const old = await enter({ will })
  await welcomed(old)
  await settle(old)
  const leaving = holdNext(broker.mq, 'removeListener')
  old.socket.resetAndDestroy()
  await leaving.held
  const raw = await enter()
  raw.send(publishPacket(topics.status(address), '{"status":"online","boot":2}', 1))
  const another = await enter()
  // Both have had every chance to come in, and can't before the old one has left.
  await Promise.race([welcomed(raw), welcomed(another), settledElsewhere(port)])
  expect([...raw.packets, ...another.packets]).toEqual([])
  leaving.release()
  await Promise.any([welcomed(raw), welcomed(another)])
  await Promise.race([raw.closed, another.closed])
  await until(() => broker.connectedClients === 1, 'one is left')
  await alive(raw.socket.closed ? another : raw)
  expect([Object.keys(broker.clients), presence.connected(device)]).toEqual([[device], true])
  expect(said[0]).toBe('will')
  for (const one of [raw, another]) one.socket.destroy()
  await until(() => broker.connectedClients === 0, 'nobody is there')
  expect([Object.keys(broker.clients), presence.connected(device)]).toEqual([[], false])
})

test('it is gone before its login is through: nothing of it stays', async () => {
  const { broker, port, enter, presence } = await start()
  const login = holdNext(broker.persistence, 'cleanSubscriptions')
  const first = await enter()
  await login.held
  first.socket.resetAndDestroy()
  await until(() => first.socket.closed, 'it is gone')
  await settledElsewhere(port)
  login.release()
  await settledElsewhere(port)
  expect([broker.connectedClients, Object.keys(broker.clients), presence.connected(device)]).toEqual([0, [], false])
  const raw = await enter()
  await welcomed(raw)
  await alive(raw)
  expect([broker.connectedClients, presence.connected(device)]).toEqual([1, true])
})

test('one that is gone before its login is through takes no other connection of its device along', async () => {
  const { broker, port, enter, presence } = await start()
  const login = holdNext(broker.persistence, 'cleanSubscriptions')
  const first = await enter()
  await login.held
  const second = await enter()
  await welcomed(second)
  first.socket.resetAndDestroy()
  await until(() => first.socket.closed, 'it is gone')
  await settledElsewhere(port)
  login.release()
  await settledElsewhere(port)
  await alive(second)
  expect([broker.connectedClients, Object.keys(broker.clients), presence.connected(device)]).toEqual([
    1,
    [device],
    true,
  ])
})

test('thirty connections at once, some of which break off at any moment: one stays, and when it goes nobody is there', async () => {
  const { broker, enter, presence } = await start()
  for (let round = 0; round < 3; round++) {
    const all = await Promise.all(Array.from({ length: 30 }, () => enter({ will })))
    for (const [index, raw] of all.entries()) {
      raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: topics.ack(address), qos: 1 }] })
      if (index % 3 === round % 3) setImmediate(() => raw.socket.resetAndDestroy())
    }
    await Promise.all(all.map(raw => welcomed(raw).catch(() => {})))
    const last = await enter({ will })
    await welcomed(last)
    await Promise.all(all.map(({ closed }) => closed))
    await alive(last)
    expect([broker.connectedClients, Object.keys(broker.clients), presence.connected(device)]).toEqual([
      1,
      [device],
      true,
    ])
    last.socket.destroy()
    await until(() => broker.connectedClients === 0, 'nobody is there')
    expect([Object.keys(broker.clients), presence.connected(device)]).toEqual([[], false])
  }
})
