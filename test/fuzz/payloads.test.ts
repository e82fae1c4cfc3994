import { readFileSync } from 'node:fs'
import mqttPacket from 'mqtt-packet'
import { expect, test } from 'vitest'
import { eventKinds } from '../../schemas/events/kinds.ts'
import { topics } from '../../schemas/topics.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { connectRaw, publishPacket } from '../helpers/raw-device.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { validPayloads } from '../helpers/valid-payloads.ts'
import { mutator } from './mutate.ts'
import { planFuzz } from './plan.ts'

/**
 * Whatever a device that is logged in sends as payload: each publish is pubacked and stands in `stats` exactly once, nothing is
 * thrown, and memory doesn't grow with them.
 */
const dictionary = [
  '"id":',
  '"id":"a"',
  '"data":{}',
  '"data":null',
  '"time":"2026-11-24T00:00:00Z"',
  '"time":"9999-99-99"',
  '1e400',
  '-0',
  '[[[[[[[[[[[[[[[[[[',
  '{"a":',
  '\\ud800',
  '\\u0000',
  '__proto__',
  'true',
  '"buffered":true',
  '"seq":-1',
  '"seq":9007199254740993',
  Buffer.from([0xff, 0xfe]),
  Buffer.from([0xed, 0xa0, 0x80]),
  '}}',
]
const devices = 4
const inFlight = 200

test('payloads: each is pubacked and accounted for, and the gateway stays as it was', async () => {
  const { random, cases } = planFuzz('payloads', 45_000)
  const dataDir = temporaryDirectory()
  const gateway = await startGateway({ dataDir, registry: writeRegistry(dataDir) })
  const mutate = mutator(random, dictionary)
  const sources = validPayloads.filter(([, , payload]) => payload.length < 2000)
  const leaves = [...eventKinds.map(kind => `event/${kind}`), 'heartbeat', 'status', 'event/nothing']
  const next = (index: number): { leaf: string; payload: Buffer } => {
    const [, leaf, payload] = sources[Math.floor(random() * sources.length)]!
    // One of its own id each, so that most are no duplicates.
    const own = Buffer.from(String(payload).replace(/"id":"[^"]*"/, `"id":"fuzz-${index}"`))
    return {
      leaf: random() < 0.05 ? leaves[Math.floor(random() * leaves.length)]! : leaf,
      payload: random() < 0.1 ? own : mutate(own),
    }
  }
  let made = 0
  let warmKb = 0
  await Promise.all(
    Array.from({ length: devices }, async (_, place) => {
      const address = button(place + 1)
      const device = await connectRaw(gateway.mqttPort, address.device)
      const parser = mqttPacket.parser()
      let waiting = 0
      await new Promise<void>((resolve, reject) => {
        const fill = () => {
          const batch: Buffer[] = []
          while (waiting < inFlight && made < cases) {
            const { leaf, payload } = next(made++)
            batch.push(
              mqttPacket.generate(publishPacket(`${topics.prefix(address)}/${leaf}`, payload, 1 + (made % 65_535))),
            )
            waiting++
          }
          if (batch.length > 0) device.socket.write(Buffer.concat(batch))
          else if (waiting === 0) resolve()
        }
        parser.on('packet', ({ cmd }) => {
          if (cmd === 'puback') waiting--
        })
        device.socket.on('data', chunk => {
          parser.parse(chunk)
          if (warmKb === 0 && made > cases / 3) warmKb = rssKb(gateway.pid)
          if (waiting < inFlight / 2) fill()
        })
        void device.closed.then(() => reject(new Error(`the gateway closed the connection of ${address.device}`)))
        fill()
      })
      device.socket.destroy()
    }),
  )

  const stats = await gateway.get<Record<'received' | 'accepted' | 'duplicate' | 'rejected', number>>('stats')
  expect(stats.received).toBe(cases)
  expect(stats.accepted + stats.duplicate + stats.rejected).toBe(cases)
  // Both ways are really tried.
  expect(stats.accepted).toBeGreaterThan(cases / 10)
  expect(stats.rejected).toBeGreaterThan(cases / 10)
  const { items } = await gateway.get<{ items: unknown[] }>('events?limit=1000')
  expect(items).toHaveLength(Math.min(1000, stats.accepted))
  expect(gateway.log.filter(({ level }) => (level as number) >= 50)).toEqual([])
  expect(rssKb(gateway.pid) - warmKb, `RSS grew from ${warmKb} kB`).toBeLessThan(150_000)
  expect(await gateway.stop()).toBe(0)
}, 120_000)

const rssKb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
